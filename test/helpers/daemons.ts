/** Debian's nginx, haproxy and redis, each started for one test and stopped after it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './loopback.js'
import { temporaryFolder } from './temporary.js'

export interface Daemon extends AsyncDisposable {
  readonly target: string
}

/** Whether `command` is installed, also in a folder that only root's PATH has; tests that need it are skipped otherwise. */
export function isInstalled(command: string): boolean {
  return spawnSync(command, ['-v'], { env: daemonEnv }).error === undefined
}

const daemonEnv = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

/**
 * Answers `ok` to every request and keeps the connection. Each worker has at most `connections`, its listening socket
 * included, and `files` descriptors.
 */
export function nginx(
  address: string,
  { workers = 2, connections = 8192, files = 8256, backlog = 4096 } = {}
): Promise<Daemon> {
  return start(address, 'nginx', (port, folder) => ({
    'nginx.conf': `
      daemon off;
      user root;
      pid ${folder}/nginx.pid;
      error_log ${folder}/error.log warn;
      worker_processes ${workers};
      worker_rlimit_nofile ${files};
      events { worker_connections ${connections}; }
      http {
        access_log off;
        keepalive_timeout 1h;
        keepalive_requests 1000000;
        server {
          listen ${address}:${port} backlog=${backlog} reuseport;
          location / { return 200 ok; }
        }
      }`,
    args: ['-p', folder, '-e', `${folder}/error.log`, '-c', `${folder}/nginx.conf`]
  }))
}

/** A proxy in HTTP mode that keeps its clients' connections, at most `connections`, and shares few to `server`. */
export function haproxy(
  address: string,
  server: string,
  { connections = 8000, backlog = 4096 } = {}
): Promise<Daemon> {
  return start(address, 'haproxy', (port, folder) => ({
    // haproxy requires a newline at the end of the file.
    'haproxy.cfg': `
      global
        maxconn ${connections}
      defaults
        mode http
        timeout connect 5s
        timeout client 1h
        timeout server 1h
        timeout http-keep-alive 1h
      listen proxy
        bind ${address}:${port} backlog ${backlog}
        http-reuse always
        server only ${server}
`,
    args: ['-db', '-f', `${folder}/haproxy.cfg`]
  }))
}

/** Accepts at most `clients`, and no more than `files` descriptors allow. */
export function redis(address: string, { clients = 10_000, files = 0 } = {}): Promise<Daemon> {
  return start(address, 'redis-server', (port, folder) => ({
    ...(files > 0 && { under: ['prlimit', `--nofile=${files}:${files}`] }),
    args: [
      ...['--bind', address, '--port', `${port}`, '--dir', folder, '--save', '', '--appendonly', 'no'],
      ...['--maxclients', `${clients}`, '--tcp-backlog', '4096', '--protected-mode', 'no']
    ]
  }))
}

type Setup = { args: string[]; under?: string[] } & Record<`${string}.${string}`, string>

async function start(
  address: string,
  command: string,
  configure: (port: number, folder: string) => Setup
): Promise<Daemon> {
  const folder = temporaryFolder()
  const port = await freePort(address)
  const { args, under = [], ...files } = configure(port, folder.path)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder.path, name), text as string)
  // It must not outlive a test process that is killed.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', ...under, command, ...args], {
    env: daemonEnv,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const exited = once(child, 'exit')
  await answering(child, address, port).catch((cause) => {
    child.kill('SIGKILL')
    folder[Symbol.dispose]()
    throw new Error(`${command} did not start:\n${output}`, { cause })
  })
  return {
    target: `${address}:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
      folder[Symbol.dispose]()
    }
  }
}

/** Resolves when the port has a listener; rejects when the process ends before that. */
async function answering(child: ChildProcess, address: string, port: number): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    const socket = connect({ host: address, port, localAddress: address })
    const [event] = await Promise.race([
      once(socket, 'connect').then(() => ['connect']),
      once(socket, 'error').then(() => ['error'])
    ]).catch(() => ['error'])
    socket.destroy()
    if (event === 'connect') return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`)
}
