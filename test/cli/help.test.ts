import { describe, expect, it } from 'vitest'
import { commands } from '../../lib/cli/commands.js'
import { commandHelp, programHelp } from '../../lib/cli/help.js'
import { painter } from '../../lib/cli/terminal.js'
import { runCli } from './run_cli.js'

describe('help', () => {
  it('lists the options of dial', async () => {
    expect((await runCli(['dial', '--help'])).stdout).toMatchInlineSnapshot(`
      "Usage: c1m-native dial [options] [TARGET...]

      Opens TCP connections, holds or churns them, talks on them, closes them and
      reports what happened.

      TARGET is host:port, host:port-port, host:port,port or [v6]:port; a port alone
      is one of 127.0.0.1. Several share the connections. Without one, dial starts its
      own listener on loopback and dials that.

      Counts may be written 250k or 1m, durations 500ms, 10s or 1h30m, rates 50k/s or
      50k, sizes 512B or 64KiB.

      The options of the NAT section describe a NAT on the way: SYNs that met a
      connection still remembered are then held against its ports.

      Options:
        -c, --connections N         connections to open and hold; in a churn, to have
                                    open at once (default 10k)
        -r, --rate N/s              connects started per second (default as fast as
                                    possible)
            --ramp SCHEDULE         the rate as a piecewise-linear schedule of
                                    TIME:RATE points, e.g. 0:10k/s,30s:200k/s; the
                                    last rate stays
            --window N              handshakes in flight at most (default 1024)
            --all-addresses         dial every address of a TARGET given by name, all
                                    of one family (default the first one)
        -s, --source A              where to dial from: an address, A/len, A-B or the
                                    name of an interface (repeatable; default loopback
                                    targets: as much of 127/8 as needed; others: the
                                    address of the route)
            --source-ports A-B      source ports to use (default 1024-65535 less the
                                    reserved ones and the last 1,024 ephemeral ones)
            --shard K/N             use the K-th of N disjoint slices of the tuple
                                    space, so that N processes or hosts never collide
            --seed N                source port to begin at, counted from the first
                                    one and round again; repeats the tuples of an
                                    earlier run (default any, so that a run does not
                                    meet connections its predecessor left at the
                                    server)
            --workers N             threads that dial at a time (default from the
                                    number of CPUs)
            --connect-timeout D     how long a handshake may take before it counts as
                                    failed (default 5s)
            --syn-retries N         SYN retransmissions before the kernel gives up, 1
                                    to 127 (default the kernel's,
                                    net.ipv4.tcp_syn_retries)
            --hold D                how long to keep the connections once the ramp has
                                    ended (default 0s)
            --close fin|rst         how connections end: an orderly close, or a reset
                                    that leaves no TIME_WAIT (default fin)
            --churn                 close each connection after its exchange and
                                    replace it, for --duration
            --close-by client|server
                                    who closes first in a churn; server waits for the
                                    peer to close (default client)
            --keep-going            go on with a churn although every exchange fails;
                                    default: it slows down, and ends after 3s of that
            --send S                what to send once a connection stands: text with
                                    the escapes \\r \\n \\t \\0 \\\\ \\xNN, or @FILE
            --expect S              how the answer must begin, written like --send;
                                    what comes beyond it is read and dropped
            --expect-bytes N        how many bytes, whichever they are, make the
                                    answer
            --message-size N        N bytes out and N bytes back, instead of --send
                                    and --expect-bytes
            --every D               send again on each connection at this period
                                    during the --hold, spread over the connections
                                    (default once)
            --exchange-timeout D    how long an answer may take, or with --close-by
                                    server the close (default 5s)
            --duration D            upper bound of the whole run (default no bound;
                                    with --churn 10s)
            --census                read TCP_INFO of every connection at the end of
                                    the hold: round-trip times, retransmits, options
            --sample N              connections whose TCP_INFO each snapshot of
                                    --ndjson sums up (default none)
            --authorized            you may load this target; needed for one that is
                                    neither loopback nor private

      Socket options:
            --keepalive D           idle time before the kernel probes a connection,
                                    and time between probes; whole seconds (default no
                                    probes)
            --rcvbuf SIZE           receive buffer of each socket; the kernel doubles
                                    it, up to twice net.core.rmem_max (default tuned
                                    by the kernel)
            --sndbuf SIZE           send buffer of each socket; the kernel doubles it,
                                    up to twice net.core.wmem_max (default tuned by
                                    the kernel)
            --tos N                 type of service of each packet, 0 to 0xff: DSCP in
                                    the upper six bits (default 0)
            --mark N                mark of each packet for routing rules and filters,
                                    up to 0xffffffff; needs CAP_NET_ADMIN, or
                                    CAP_NET_RAW from Linux 5.17 (default 0)
            --device NAME           device that every packet leaves and arrives by
                                    (default as the routes say)

      NAT:
            --nat-ports A-B         source ports the NAT hands out (default
                                    1024-65535)
            --nat-sources N         addresses the NAT translates to (default 1)
            --nat-destinations N    destinations, pairs of address and port, on the
                                    far side (default those of the targets, or 1)
            --time-wait D           how long the server remembers a connection it has
                                    closed (default 1m)
            --lvs-timeout D         how long a balancer (LVS) remembers a closed
                                    connection (default no balancer)

      Judgement:
            --fail-if EXPR          exit with 5 when this holds of the result, e.g.
                                    'failed>0' or 'connectLatency.p99>50ms'
                                    (repeatable)

      Output:
            --json                  the result as JSON on stdout, instead of text
            --ndjson                a snapshot a line on stdout while it runs, the
                                    result as the last line
            --out FILE              write the result as JSON to FILE as well; - is
                                    stdout
        -q, --quiet                 no progress on stderr
            --[no-]color            colour in text output (default on a terminal,
                                    unless NO_COLOR is set)
        -h, --help                  this help

      Examples:
        c1m-native dial -c 100k
            this host against itself
        c1m-native dial 10.0.0.2:8100-8119 -c 1m --hold 1m
            a million connections over 20 ports, held for a minute
        c1m-native dial redis:6379 --send 'PING\\n' --expect +PONG --every 9s --hold 1m
            held connections with a heartbeat each
        c1m-native dial 10.0.0.2:8080 -c 100 --churn --duration 30s --message-size 1
            short connections, a hundred at a time, as fast as possible
        c1m-native dial 10.0.0.2:443 -c 50k -r 5k/s --fail-if 'failed>0' --json
            a paced run for a script

      Exit codes:
        0    every connection asked for was established (in a churn: none failed),
             each exchange was answered, and no --fail-if held
        1    internal error
        2    usage: an option or a target is not valid
        3    this host's limits stopped it
        4    the target refused, never answered, has no address or route, or does not
             know connections that are held
        5    fewer connections than asked for, a failed exchange, or a --fail-if held
        130  stopped by SIGINT, SIGTERM or SIGHUP, after closing and reporting
      "
    `)
  })

  it('lists the options of listen', async () => {
    expect((await runCli(['listen', '--help'])).stdout).toMatchInlineSnapshot(`
      "Usage: c1m-native listen [options] [[ADDR:]PORT[-PORT]...]

      Accepts TCP connections, holds them, and reports what it accepted when it ends.

      A port alone is one of 127.0.0.1; :PORT is any address, of IPv4 and IPv6.
      Without either it listens on 127.0.0.1, on a port the kernel chooses; so does
      port 0. The addresses listened on are printed to stderr; with --ndjson they are
      the first line on stdout.

      Options:
            --mode sink|echo|close-first
                                    what is done with a connection: read and drop,
                                    send back what was read, or close it at once
                                    (default sink)
            --backlog N             connections that may wait to be accepted; the
                                    kernel caps it at net.core.somaxconn (default
                                    4096)
            --workers N             threads that accept (default from the number of
                                    CPUs)
            --close fin|rst         how connections end: an orderly close, or a reset
                                    that leaves no TIME_WAIT (default fin)
            --duration D            how long to listen (default until SIGINT, SIGTERM
                                    or SIGHUP)

      Socket options:
            --keepalive D           idle time before the kernel probes a connection,
                                    and time between probes; whole seconds (default no
                                    probes)
            --rcvbuf SIZE           receive buffer of each socket; the kernel doubles
                                    it, up to twice net.core.rmem_max (default tuned
                                    by the kernel)
            --sndbuf SIZE           send buffer of each socket; the kernel doubles it,
                                    up to twice net.core.wmem_max (default tuned by
                                    the kernel)
            --tos N                 type of service of each packet, 0 to 0xff: DSCP in
                                    the upper six bits (default 0)
            --mark N                mark of each packet for routing rules and filters,
                                    up to 0xffffffff; needs CAP_NET_ADMIN, or
                                    CAP_NET_RAW from Linux 5.17 (default 0)
            --device NAME           device that every packet leaves and arrives by
                                    (default as the routes say)

      Output:
            --json                  the result as JSON on stdout, instead of text
            --ndjson                a snapshot a line on stdout while it runs, the
                                    result as the last line
            --out FILE              write the result as JSON to FILE as well; - is
                                    stdout
        -q, --quiet                 no progress on stderr
            --[no-]color            colour in text output (default on a terminal,
                                    unless NO_COLOR is set)
        -h, --help                  this help

      Examples:
        c1m-native listen 0.0.0.0:8100-8119
            twenty ports, until Ctrl-C
        c1m-native listen 127.0.0.1:8100 --mode close-first --duration 1m --json
            the side that closes first, for a minute

      Exit codes:
        0    --duration has passed
        1    internal error, or no addon for this system
        2    usage: an option or an address is not valid, or the result cannot be
             written
        3    cannot listen there (the port is taken, the address is not this host's),
             or this host's limits stopped it
        4    the name in an address has no address
        130  stopped by SIGINT, SIGTERM or SIGHUP, after closing and reporting
      "
    `)
  })

  it.each([
    [['dial', '--conections', '--help']],
    [['dial', '127.0.0.1:1', '-h']],
    [['dial', '--out', '/nowhere/x', '--help']]
  ])('is printed for %j, despite the other arguments', async (args) => {
    const { code, stdout, stderr } = await runCli(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^Usage: c1m-native dial/)
  })

  it('has color on request', async () => {
    expect((await runCli(['dial', '--help', '--color'])).stdout).toContain('\u001b[1mUsage:\u001b[22m')
    expect((await runCli(['dial', '--help'])).stdout).not.toContain('\u001b')
  })

  it.each(Object.entries(commands))('for %s fits in 80 columns', async (_, { spec }) => {
    const longest = Math.max(
      ...commandHelp(await spec(), painter(false))
        .split('\n')
        .map((line) => line.length)
    )
    expect(longest).toBeLessThanOrEqual(80)
  })

  it.each([60, 120, 200])('of every command is made for a terminal of %i columns', async (width) => {
    for (const { spec } of Object.values(commands)) {
      const made = await spec()
      const text = commandHelp(made, painter(false), width)
      // A command is to be copied: it stays in one line.
      const copied = made.examples.map(({ command }) => `  ${command}`)
      for (const line of text.split('\n'))
        if (!copied.includes(line)) expect(line.length, line).toBeLessThanOrEqual(width)
      for (const line of copied) expect(text).toContain(`${line}\n`)
    }
    for (const line of programHelp(painter(false), '1.0.0', width).split('\n'))
      expect(line.length, line).toBeLessThanOrEqual(width)
  })

  it.each(Object.entries(commands))('names each option of %s once', async (_, { spec }) => {
    const options = (await spec()).sections.flatMap((section) => Object.values(section.options))
    const names = options.flatMap(({ name, short }) => (short === undefined ? [name] : [name, short]))
    expect(new Set(names).size).toBe(names.length)
  })
})
