import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, expect, it, vi } from 'vitest'
import { readListeners } from '../../../lib/engine/sockets.js'
import { findHolder, findOwners, readActivity, readOwner } from '../../../lib/host/socket_owner.js'
import { ownAddress } from '../../helpers/loopback.js'

/** A process that prints a line once it does its task. */
async function started(command: string, ...args: string[]) {
  const child: ChildProcess = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')
  return {
    pid: child.pid as number,
    line: line as string,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    }
  }
}

/** Listens, and shares the socket with a process that it starts; prints the port. */
const shares = (address: string) => `
  use Socket; $| = 1;
  socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(0, inet_aton("${address}"))); listen(S, 5);
  my ($port) = sockaddr_in(getsockname(S));
  if (fork) { wait } else { use POSIX; print "$port " . getppid() . " $$\\n"; sleep 1 while getppid() != 1 }`

const inodesAt = async (address: string, port: number) =>
  new Set((await readListeners([{ address, firstPort: port, lastPort: port }])).map(({ inode }) => inode))

describe('the processes of a socket', () => {
  it('are all that share it', async () => {
    const address = ownAddress()
    await using server = await started('perl', '-e', shares(address))
    const [port = 0, ...pids] = server.line.split(' ').map(Number)
    const inodes = await inodesAt(address, port)
    const found = [...(await findOwners(inodes)).values()].flat()
    expect(found.toSorted()).toEqual(pids.toSorted())
    expect(await findHolder(inodes, [process.pid, ...pids])).toBe(pids[0])
    expect(await findHolder(inodes, [process.pid])).toBeNull()
  })

  it('are found at once when it is this process', async () => {
    const address = ownAddress()
    const listening = createServer().listen(0, address)
    await once(listening, 'listening')
    const { port } = listening.address() as { port: number }
    const found = [...(await findOwners(await inodesAt(address, port))).values()]
    listening.close()
    expect(found).toEqual([[process.pid]])
  })
})

describe('readOwner', () => {
  it('reads limits, and whether a signal has stopped the process', async () => {
    await using sleeper = await started('prlimit', '--nofile=50:60', 'sh', '-c', 'echo up; exec sleep 60')
    expect(await readOwner(sleeper.pid)).toMatchObject({ nofileSoft: 50, nofileHard: 60, stopped: false })
    sleeper.kill('SIGSTOP')
    await vi.waitUntil(async () => (await readOwner(sleeper.pid))?.stopped, { timeout: 10_000 })
    expect(await readActivity(sleeper.pid)).toBe('busy')
  })

  it('returns null for a process that has ended', async () => {
    expect(await readOwner(2 ** 22 + 1)).toBeNull()
    expect(await readActivity(2 ** 22 + 1)).toBeNull()
  })
})

describe('readActivity', () => {
  it.each([
    [
      'events',
      process.execPath,
      ['-e', "require('node:net').createServer().listen(0, () => console.log('up'))"]
    ],
    ['asleep', 'sh', ['-c', 'echo up; exec sleep 60']],
    ['busy', 'perl', ['-e', '$| = 1; print "up\\n"; 1 while 1']]
  ] as const)('reports the activity %s', async (activity, command, args) => {
    await using child = await started(command, ...args)
    // It has printed the line, and continues with its task.
    await vi.waitUntil(async () => (await readActivity(child.pid)) === activity, { timeout: 10_000 })
  })
})
