/** A program beside a server that uses every ephemeral port for connections to its backend, as a proxy may. */
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { causesOf, heldBy, listenIn, watchIn } from '../../helpers/causes.js'
import { jsonLines, mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

const backend = '127.0.0.1:8100'

/** Opens this number of connections, prints how many succeeded, and holds them. */
const proxy = `
const { connect } = require('node:net')
let open = 0, failed = 0
const done = (count) => {
  if (open + failed === count) console.log(JSON.stringify({ open, failed }))
}
const count = Number(process.argv[1])
for (let i = 0; i < count; i++)
  connect(8100, '127.0.0.1')
    .on('connect', () => { open++; done(count) })
    .on('error', ({ code }) => { if (code === 'EADDRNOTAVAIL') { failed++; done(count) } })
setInterval(() => {}, 1000)
`

async function proxyIn(host: Namespace, connections: number) {
  const running = host.spawn(process.execPath, '-e', proxy, `${connections}`)
  const { value } = await jsonLines(running).next()
  return {
    ...(value as { open: number; failed: number }),
    async [Symbol.asyncDispose]() {
      const exited = once(running, 'exit')
      running.kill('SIGKILL')
      await exited
    }
  }
}

describe.skipIf(!mayMakeNamespaces)('the ephemeral ports toward a backend (skipped without root)', () => {
  it('are named beside the server once all are in use, and the remedy adds more', async () => {
    using host = await Namespace.create()
    host.run('sysctl', '-q', '-w', 'net.ipv4.ip_local_port_range=20000 20199')
    host.run('sysctl', '-q', '-w', 'net.ipv4.ip_local_reserved_ports=20100-20199')
    await using _backend = await listenIn(host, backend)
    await using first = await proxyIn(host, 130)
    expect(first).toMatchObject({ open: 100, failed: 30 })
    await using watching = await watchIn(host, '127.0.0.1:443')
    const seen = await watching.found()
    expect(causesOf(seen)).toEqual(['tuple-space-exhausted'])
    expect(seen.findings[0]).toMatchObject({
      severity: 'warning',
      side: 'server',
      title: expect.stringMatching(
        /^connections from 127.0.0.1 to 127.0.0.1:8100 hold 100 of 100 ephemeral ports/
      )
    })

    host.run('sh', '-c', seen.findings[0]?.remedy[0] ?? '')
    await using second = await proxyIn(host, 130)
    expect(second).toMatchObject({ open: 130, failed: 0 })
    await using again = await watchIn(host, '127.0.0.1:443')
    expect(causesOf(await again.stop())).toEqual([])
  })

  it('are not named when a program chooses its ports itself, or when some are free', async () => {
    using host = await Namespace.create()
    host.run('sysctl', '-q', '-w', 'net.ipv4.ip_local_port_range=20000 20099')
    await using _backend = await listenIn(host, backend)
    // More connections than the range has ports, from ports inside and outside of it.
    await using _dialed = await heldBy(
      host,
      backend,
      '-s',
      '127.0.0.1',
      '-c',
      '200',
      '--source-ports',
      '19950-20149'
    )
    await using watching = await watchIn(host, '127.0.0.1:443')
    expect(causesOf(await watching.stop())).toEqual([])
  })
})
