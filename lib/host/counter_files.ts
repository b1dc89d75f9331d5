/** Counters by name, e.g. `TcpExt.ListenOverflows`. A missing name is unknown on this host, not 0. */
export type Counters = Record<string, number>

/** Adds the counters of one file of procfs. Skips malformed lines: their counters stay unknown. */
export type CounterParser = (text: string, into: Counters) => void

const decimal = /^-?\d+$/

/** `/proc/net/netstat` and `/proc/net/snmp`: pairs of lines, `Group: names...` and `Group: values...`. */
export const parseSnmp: CounterParser = (text, into) => {
  const lines = text.split('\n')
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const names = counterNames(lines[index] ?? '')
    const values = (lines[index + 1] ?? '').split(' ')
    if (names.length !== values.length || names[0] !== values[0]) continue
    for (let column = 1; column < names.length; column++) add(into, names[column] ?? '', values[column])
  }
}

/** The group with its colon, then the full name of each counter; empty if the line is not a heading. */
const counterNames = cached((heading) => {
  const [group = '', ...columns] = heading.split(' ')
  return group.endsWith(':') ? [group, ...columns.map((column) => `${group.slice(0, -1)}.${column}`)] : []
})

/** `/proc/net/snmp6`: one name and value per line, `Ip6InReceives 7`; the group ends with the 6. */
export const parseSnmp6: CounterParser = (text, into) => {
  for (const line of text.split('\n')) {
    const [label = '', value] = line.split(/\s+/)
    const [name] = counterName6(label)
    if (name) add(into, name, value)
  }
}

const counterName6 = cached((label) => {
  const match = /^([A-Za-z]+6)(.+)$/.exec(label)
  return match ? [`${match[1]}.${match[2]}`] : []
})

/** Caches parsed names: a reading has hundreds of them, and they never change. */
function cached(namesIn: (label: string) => readonly string[]): (label: string) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  return (label) => {
    const names = known.get(label) ?? namesIn(label)
    known.set(label, names)
    return names
  }
}

/** `/proc/net/sockstat` and `sockstat6`: `TCP: inuse 4 orphan 0 ...`; all of them are gauges. */
export const parseSockstat: CounterParser = (text, into) => {
  for (const line of text.split('\n')) {
    const [group, ...words] = line.split(' ')
    if (!group?.endsWith(':')) continue
    for (let index = 0; index + 1 < words.length; index += 2)
      add(into, `Sockstat.${group.slice(0, -1)}.${words[index]}`, words[index + 1])
  }
}

function add(into: Counters, name: string, text: string | undefined) {
  if (text !== undefined && decimal.test(text)) into[name] = Number(text)
}

/**
 * Columns whose heading is misleading: `chainlength` counts refused inserts (`chaintoolong` in conntrack -S); see
 * ct_cpu_seq_show in nf_conntrack_standalone.c.
 */
const renamedColumns: Record<string, string> = { chainlength: 'chaintoolong' }

/** In nf_conntrack and the neighbor caches, column 0 is the total, repeated on the line of every CPU. */
const repeatedColumns = new Set(['entries'])

/** `/proc/net/stat/*`: a heading, then a line of hexadecimal numbers per CPU. Sums up the CPUs. */
export const parseStat =
  (prefix: string): CounterParser =>
  (text, into) => {
    const [heading = '', ...lines] = text.trim().split('\n')
    const names = heading.trim().split(/\s+/)
    const rows = lines.map((line) => line.trim().split(/\s+/).map(parseHexadecimal))
    if (rows.length === 0 || rows.some((row) => row.length !== names.length)) return
    for (const [column, name] of names.entries()) {
      const values = repeatedColumns.has(name)
        ? [rows[0]?.[column] ?? null]
        : rows.map((row) => row[column] ?? null)
      if (values.every((value) => value !== null))
        into[`${prefix}.${renamedColumns[name] ?? name}`] = values.reduce((sum, value) => sum + value, 0)
    }
  }

/**
 * `/proc/net/dev`: one line per device of this network namespace. The drops on receipt include packets for which the
 * backlog of a CPU had no room (enqueue_to_backlog in net/core/dev.c), and those for which the device's ring had none.
 */
export const parseDevices: CounterParser = (text, into) => {
  // After the name: bytes, packets, errs, drop, ... received, then the same for sent.
  const rows = text.split('\n').flatMap((line) => /^\s*\S+:\s*(\d.*)$/.exec(line)?.[1]?.split(/\s+/) ?? [])
  if (rows.length === 0 || rows.length % deviceColumns !== 0) return
  const sum = (column: number) =>
    rows.reduce(
      (total, value, place) => (place % deviceColumns === column ? total + Number(value) : total),
      0
    )
  into['Devices.rxPackets'] = sum(1)
  into['Devices.rxDropped'] = sum(3)
  addSent(text, into)
}

/** Number of columns after the name: dev_seq_printf_stats in net/core/net-procfs.c. */
const deviceColumns = 16

/** `/proc/net/softnet_stat` has no heading; the columns are those of softnet_seq_show in net/core/net-procfs.c. */
const softnetColumns = { processed: 0, dropped: 1, timeSqueeze: 2, flowLimit: 10 }

/** Packets on their way from the network device to the protocol, summed over the CPUs of the whole host. */
export const parseSoftnet: CounterParser = (text, into) => {
  const rows = text.trim().split('\n')
  for (const [name, column] of Object.entries(softnetColumns)) {
    const values = rows.map((row) => parseHexadecimal(row.split(' ')[column] ?? ''))
    if (values.every((value) => value !== null))
      into[`Softnet.${name}`] = values.reduce((sum, value) => sum + value, 0)
  }
}

/** A container host has thousands of devices; their counters would fill the result and show little. */
const mostDevices = 64

/**
 * Packets that each device was given to send, `Device.eth0.TxPackets` (field 10 after the name). Leaves out loopback,
 * whose packets never leave the host, and all devices if there are more than 64.
 */
function addSent(text: string, into: Counters) {
  const rows = [...text.matchAll(/^ *([^\s:]+):\s*(.*)$/gm)].filter(([, name]) => name !== 'lo')
  if (rows.length > mostDevices) return
  for (const [, name, columns = ''] of rows) add(into, `Device.${name}.TxPackets`, columns.split(/\s+/)[9])
}

function parseHexadecimal(text: string): number | null {
  return /^[0-9a-f]+$/i.test(text) ? Number.parseInt(text, 16) : null
}
