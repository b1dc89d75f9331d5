import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, listenIn, loadRules, watchIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

/** Handshakes of these clients stay half-open: their final ACK is dropped. */
const halfOpen = `table inet t {
  chain in {
    type filter hook input priority 0;
    tcp dport 8100 tcp sport 5000-5199 tcp flags & syn == 0 drop
  }
}`
const target = '127.0.0.1:8100'
const flood = [target, '-c', '200', '--source-ports', '5000-5199', '--workers', '1']

describe.skipIf(!mayMakeNamespaces)('half-open connections (skipped without root)', () => {
  it.for([
    // Cookies let the others in; without them they wait for a place.
    [1, 'info', 200],
    [0, 'critical', 65]
  ] as const)(
    'beyond the SYN queue, with tcp_syncookies=%i, are named on both sides',
    async ([cookies, severity, most], { skip }) => {
      using host = await Namespace.create()
      skip(!loadRules(host, halfOpen), 'needs nft')
      host.run('sysctl', '-q', '-w', `net.ipv4.tcp_syncookies=${cookies}`)
      await using _server = await listenIn(host, target, '--workers', '1', '--backlog', '64')
      await using watching = await watchIn(host, target)
      const dialing = dialIn(host, ...flood, '--connect-timeout', '1200ms')
      const seen = await watching.found()
      expect(causesOf(seen)).toEqual(['syn-queue-overflow'])
      expect(seen.findings[0]).toMatchObject({ side: 'server' })
      const result = await dialing
      expect(result.connections.established).toBeLessThanOrEqual(most)
      expect(result.connections.established).toBeGreaterThan(50)
      expect(causesOf(result)).toEqual(['syn-queue-overflow'])
      expect(result.findings[0]).toMatchObject({ severity, side: 'server' })
    }
  )
})
