/** Wrong input and failures give one sentence and an exit code, and lose no result. */
import { spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Snapshot } from '../../lib/dial/snapshot.js'
import { native } from '../../lib/engine/native.js'
import type { RunResult } from '../../lib/result/result.js'
import { ending, runCli, runShell, startCli } from '../cli/run_cli.js'
import { childServer } from '../helpers/child_server.js'
import { expectNoSockets, freePort, ownAddress } from '../helpers/loopback.js'
import { resultOf } from '../helpers/node_script.js'
import { stalledServer } from '../helpers/servers.js'

const cliPath = fileURLToPath(new URL('../../dist/cli/bin.cjs', import.meta.url))

describe('dial opens no connection for', () => {
  it.each([
    [
      'a source address that this host does not have',
      ['127.0.0.1:9', '-s', '192.0.2.7'],
      2,
      '-s 192.0.2.7 is not an address of this host (EADDRNOTAVAIL). Give it to an interface (ip address add 192.0.2.7/32 dev eth0), or name others.'
    ],
    [
      'more connections than tuples',
      ['127.0.0.1:9', '-s', '127.0.0.1', '-c', '100k'],
      2,
      '100,000 connections need as many 4-tuples, and there are 63,488: 1 source address x 63,488 source ports x 1 destination. Use 2 source addresses (-s A-B) or 2 destination ports (host:port-port).'
    ],
    [
      'an empty tuple space',
      ['127.0.0.1:9', '-s', '127.0.0.1', '-c', '5', '--source-ports', '2000-2002', '--shard', '4/4'],
      2,
      '5 connections need as many 4-tuples, and there are 0: 1 source address x 0 source ports x 1 destination. Use at most 3 shards, or more source ports (--source-ports A-B).'
    ],
    [
      'a reversed port range',
      ['127.0.0.1:90-80'],
      2,
      "target '127.0.0.1:90-80' has a reversed port range: 90 is above 80. Write 80-90."
    ],
    [
      'port 0',
      ['127.0.0.1:0'],
      2,
      "target '127.0.0.1:0' has port 0, which nobody can listen on. Write host:port, host:port-port, host:port,port or [v6]:port."
    ],
    [
      'zero connections',
      ['127.0.0.1:9', '-c', '0'],
      2,
      '-c is 0, and must be a whole number from 1 to 2,147,483,647.'
    ],
    [
      'an unknown host name',
      ['nobody.invalid:80'],
      4,
      /^the name 'nobody\.invalid' (has no address \(E\w+\)\. Check the spelling|cannot be looked up: the resolver did not answer \(EAI_AGAIN\)\. Try) [^\n]+\.$/
    ]
  ])('%s', async (_, args, exitCode, sentence) => {
    const { code, stdout, stderr } = await runCli(['dial', ...args])
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' })
    expect(stderr).toMatch(/^c1m-native: [^\n]+\n$/)
    const told = stderr.slice('c1m-native: '.length, -1)
    if (typeof sentence === 'string') expect(told).toBe(sentence)
    else expect(told).toMatch(sentence)
  })
})

describe('a target that', () => {
  it('refuses yields exit code 4, with the code and an example', async () => {
    const address = ownAddress()
    const target = `${address}:${await freePort(address)}`
    const { code, stdout, stderr } = await runCli(['dial', target, '-c', '200', '-s', address])
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' })
    expect(stdout).toContain(`Opened none of 200 connections to ${target}; 200 failed.\n`)
    expect(stdout).toMatch(
      new RegExp(`\\nfailures +200 +connect +ECONNREFUSED\\s+${address}:\\d+ > ${target}\\n`)
    )
  })

  it('never answers yields exit code 4, with the timeout', async () => {
    const address = ownAddress()
    await using server = await stalledServer(address, 1)
    const args = [
      'dial',
      server.target,
      '-c',
      '100',
      '--connect-timeout',
      '300ms',
      '--workers',
      '1',
      '-s',
      address
    ]
    const { code, stdout, stderr } = await runCli(args)
    expect({ code, stderr }).toEqual({ code: 4, stderr: '' })
    expect(stdout).toContain(`Opened 2 of 100 connections to ${server.target} in `)
    expect(stdout).toMatch(/\nfailures +98 +timeout +ETIMEDOUT\s+127/)
  })

  it('dies during the hold yields exit code 5, with the number of lost connections', async () => {
    const address = ownAddress()
    await using server = await childServer(address, () => {})
    const child = startCli(['dial', server.target, '-c', '500', '--hold', '10m', '-s', address, '--ndjson'])
    const ended = ending(child)
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      if ((JSON.parse(line) as Snapshot).phase === 'holding') break
    }
    await server[Symbol.asyncDispose]()
    const { code, stdout, stderr } = await ended
    expect({ code, stderr: stderr.replaceAll(/^(info|warning): .*\n/gm, '') }).toEqual({
      code: 5,
      stderr: ''
    })
    const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as RunResult
    expect(result.connections).toMatchObject({ established: 500, failed: 0, closedByPeer: 500 })
    await expectNoSockets(address)
  })
})

describe('an interrupted run', () => {
  it.each([
    ['SIGINT', 'in the middle of a ramp', ['-c', '60k', '-r', '20k/s'], 'dialing'],
    ['SIGTERM', 'while it holds', ['-c', '3000', '--hold', '10m'], 'holding']
  ] as const)('by %s %s closes every socket and prints its result', async (signal, _, args, awaited) => {
    const address = ownAddress()
    await using server = await childServer(address, (socket) => {
      socket.resume().on('end', () => socket.end())
    })
    const child = startCli(['dial', server.target, '-s', address, '--ndjson', ...args])
    const ended = ending(child)
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const { phase, established } = JSON.parse(line) as Snapshot
      if (phase === awaited && established > 0) break
    }
    child.kill(signal)
    const { code, stdout } = await ended
    expect(code).toBe(130)
    const { connections } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as RunResult
    expect(connections.established).toBeGreaterThan(0)
    expect(connections).toMatchObject({ failed: 0, closedByPeer: 0 })
    await expectNoSockets(address, 'LISTEN')
  })
})

describe('a process without privileges', () => {
  const asNobody =
    'setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs'
  const canBeNobody = spawnSync('sh', ['-c', `${asNobody} test -r ${cliPath}`]).status === 0

  it('can dial and listen fully', async ({ skip }) => {
    skip(!canBeNobody, 'only root can become somebody else')
    const address = ownAddress()
    const { code, stdout, stderr } = await runShell(`
      cd /
      ${asNobody} $C1M listen ${address}:0 --ndjson -q | {
        read -r line
        target=$(sed 's/.*"\\([0-9.]*:[0-9]*\\)".*/\\1/' <<<"$line")
        ${asNobody} $C1M dial "$target" -c 2000 -s ${address} --hold 200ms --json
      }`)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const result = JSON.parse(stdout) as RunResult
    expect(result).toMatchObject({
      connections: { established: 2000, failed: 0, closedByPeer: 0 },
      errors: []
    })
    expect(result.process.privateTables).toBe(native().privateTables())
    await expectNoSockets(address)
  })

  it('reports that it may not create threads', async ({ skip }) => {
    skip(!canBeNobody, 'only root can become somebody else')
    const script = `
      const { execFileSync } = await import('node:child_process')
      await c1m.dial({ connections: 1, source: ['${ownAddress()}'] }).result
      execFileSync('prlimit', ['--nproc=1:1', '--pid', String(process.pid)])
      const error = await c1m.dial({ connections: 100 }).result.catch((error) => error)
      console.log(JSON.stringify({ ...error, message: error.message, cause: null }))`
    expect(await resultOf(script, { under: asNobody.split(' ') })).toMatchObject({
      code: 'C1M_RUN_FAILED',
      exitCode: 3,
      message: 'the engine cannot start: pthread_create: Resource temporarily unavailable',
      hint: 'Allow more threads (ulimit -u, or pids.max of the cgroup), or use fewer workers.'
    })
  })

  it('can exceed its descriptor limit in a self-dial', async ({ skip }) => {
    skip(!canBeNobody, 'only root can become somebody else')
    const { code, stdout } = await runShell(
      `cd /; ulimit -n 200; ${asNobody} $C1M dial -c 2000 -s ${ownAddress()} --hold 100ms --json`
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ connections: { established: 2000 }, errors: [] })
  })
})
