import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../lib/result/result.js'
import { runShell } from '../cli/run_cli.js'
import { expectNoSockets, ownAddress } from '../helpers/loopback.js'

describe('ulimit -n 64', () => {
  it('allows a dial of thousands, because the limit applies to each table', async () => {
    const source = ownAddress()
    const { code, stdout, stderr } = await runShell(
      `ulimit -n 64; exec $C1M dial -c 3000 -s ${source} --hold 200ms --json`
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const result = JSON.parse(stdout) as RunResult
    expect(result).toMatchObject({
      host: { descriptorLimit: 64 },
      connections: { established: 3000, failed: 0, peak: 3000, closedByPeer: 0 },
      errors: []
    })
    // Both ends are in this process: 6,000 sockets.
    if (result.process.privateTables) expect(result.process.tables).toBeGreaterThanOrEqual(6000 / 64)
    await expectNoSockets(source)
  })

  it('allows a dial of thousands between two processes', async () => {
    const address = ownAddress()
    const { code, stdout, stderr } = await runShell(`
      ulimit -n 64
      coproc server { exec $C1M listen ${address}:0-0 --ndjson -q; }
      read -r line <&"\${server[0]}"
      target=$(sed 's/.*"\\([0-9.]*:[0-9]*\\)".*/\\1/' <<<"$line")
      $C1M dial "$target" -c 2000 -s ${address} --hold 200ms --json
      code=$?
      kill -INT "$server_PID"
      exit $code`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({
      connections: { established: 2000, closedByPeer: 0 },
      errors: []
    })
    await expectNoSockets(address)
  })

  it('reports in one line that a goal does not fit', async () => {
    const { code, stdout, stderr } = await runShell('ulimit -n 64; exec $C1M dial -c 1m')
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toBe(
      'c1m-native: of 1,000,000 connections, 16,384 fit: the hard limit on open files (RLIMIT_NOFILE) is 64, for each of 1,024 descriptor tables. Raise it: ulimit -n 1986 (as root, or nofile in /etc/security/limits.conf).\n'
    )
  })
})

describe('ulimit -n 28', () => {
  it('is too low for one connection, which is reported in one line', async () => {
    const { code, stdout, stderr } = await runShell('ulimit -n 28; exec $C1M dial -c 10')
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(
      /^c1m-native: of 10 connections, 0 fit: [^\n]+ is 28, [^\n]+ Raise it: ulimit -n 34 [^\n]+\n$/
    )
  })
})
