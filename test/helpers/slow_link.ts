/** A cable that delays every packet, because not every kernel has netem. Needs root and python3. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { connectNamespaces, Namespace } from './namespace.js'

/** Copies frames between two devices after a delay, with the state of their checksums (PACKET_VNET_HDR). */
const relay = `
import heapq, select, socket, sys, time
delay = float(sys.argv[1])
def opened(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.setsockopt(263, 15, 1)
    s.bind((name, 0))
    return s
a, b = opened('near'), opened('far')
other = {a: b, b: a}
waiting, number = [], 0
print('ready', flush=True)
while True:
    left = max(0, waiting[0][0] - time.monotonic()) if waiting else None
    for s in select.select([a, b], [], [], left)[0]:
        try:
            frame, sender = s.recvfrom(65535)
        except OSError:
            continue
        if sender[2] == socket.PACKET_OUTGOING:
            continue
        number += 1
        heapq.heappush(waiting, (time.monotonic() + delay, number, other[s], frame))
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, s, frame = heapq.heappop(waiting)
        s.send(frame)
`

const v4 = { client: '198.18.40.1', server: '198.18.40.2' }
const v6 = { client: 'fd00:40::1', server: 'fd00:40::2' }

/**
 * A client and a server with the addresses of `onOneCable`, and so many seconds from one to the other. They know each
 * other's hardware address.
 */
export async function farApart(seconds: number) {
  const client = await Namespace.create()
  const middle = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, `${v4.client}/24`, middle, '198.18.250.1/32', 'near')
  connectNamespaces(server, `${v4.server}/24`, middle, '198.18.250.2/32', 'far')
  client.run('ip', 'address', 'add', `${v6.client}/64`, 'dev', 'near', 'nodad')
  server.run('ip', 'address', 'add', `${v6.server}/64`, 'dev', 'far', 'nodad')
  const hardware = (host: Namespace, device: string) =>
    /link\/ether (\S+)/.exec(host.run('ip', 'link', 'show', device))?.[1] ?? ''
  for (const family of [v4, v6]) {
    client.run('ip', 'neigh', 'replace', family.server, 'lladdr', hardware(server, 'far'), 'dev', 'near')
    server.run('ip', 'neigh', 'replace', family.client, 'lladdr', hardware(client, 'near'), 'dev', 'far')
  }
  const relaying = middle.spawn('python3', '-c', relay, `${seconds}`)
  await once(createInterface({ input: relaying.stdout as NodeJS.ReadableStream }), 'line')
  return {
    client,
    server,
    [Symbol.dispose]() {
      relaying.kill('SIGKILL')
      for (const host of [client, middle, server]) host[Symbol.dispose]()
    }
  }
}
