/** A cable between two namespaces that delays frames: for round trips of seconds without netem. */
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Namespace } from './namespace.js'
import { temporaryFolder } from './temporary.js'

/** Whether there is a C++ compiler for the program that copies the frames. */
export const hasCompiler = spawnSync('c++', ['--version']).status === 0

/**
 * Two namespaces on such a cable, as 198.18.30.1 and 198.18.30.2.
 * @param delayMs what a frame takes, in either direction
 */
export async function slowCable(delayMs: number) {
  using folder = temporaryFolder()
  const program = join(folder.path, 'slow_cable')
  const source = fileURLToPath(new URL('slow_cable.cc', import.meta.url))
  execFileSync('c++', ['-std=c++20', '-O1', '-o', program, source])
  const [client, server, middle] = [
    await Namespace.create(),
    await Namespace.create(),
    await Namespace.create()
  ]
  middle.run('sysctl', '-q', '-w', 'net.ipv6.conf.all.disable_ipv6=1')
  for (const [end, name, address] of [
    [client, 'near', '198.18.30.1/24'],
    [server, 'far', '198.18.30.2/24']
  ] as const) {
    end.run('ip', 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', name, 'netns', `${middle.pid}`)
    end.run('ip', 'address', 'add', address, 'dev', 'cable')
    end.run('ip', 'link', 'set', 'cable', 'up')
    middle.run('ip', 'link', 'set', name, 'up')
  }
  const copying = middle.spawn(program, `${delayMs}`, 'near', 'far')
  await once(createInterface({ input: copying.stdout as NodeJS.ReadableStream }), 'line')
  return {
    client,
    server,
    [Symbol.dispose]() {
      copying.kill('SIGKILL')
      for (const namespace of [client, server, middle]) namespace[Symbol.dispose]()
    }
  }
}
