/** What keeps an engine from starting, in words, and a thread pool of Node that is there before it. */
import { stat } from 'node:fs'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { C1mError } from '../base/errors.js'
import type { NativeAddon } from './native.js'

let hasThreadPool = false

/**
 * Has libuv make the threads of its pool before ours are all the host allows. It makes them with the first request, and
 * aborts the process when it can't: so it is tried first.
 */
export function makeThreadPool(addon: Pick<NativeAddon, 'tryThreads'>): void {
  if (hasThreadPool) return
  // As many as libuv makes: uv__work_submit in src/threadpool.c.
  addon.tryThreads(Math.min(1024, Number(process.env.UV_THREADPOOL_SIZE) || 4))
  stat('/', () => {})
  hasThreadPool = true
}

/** Node's own table knows the errors Node meets; EBADMSG, for one, is in the constants only. */
export function errorName(errno: number): string {
  const name = getSystemErrorName(-errno)
  if (/^E\w+$/.test(name)) return name
  const known = Object.entries(constants.errno).find(([, value]) => value === errno)
  return known?.[0] ?? `errno ${errno}`
}

/** @param endpoint where it could not listen; undefined when that was not the reason */
export function startFailure(error: unknown, endpoint?: string): C1mError {
  const { syscall, errno } = error as { syscall?: string; errno?: number }
  const code = errno === undefined ? '' : errorName(errno)
  const hints: Record<string, string> = {
    EADDRINUSE: endpoint?.endsWith(':0')
      ? 'The kernel has no port left to choose: widen net.ipv4.ip_local_port_range, end what holds its ports (ss -tan), or name one outside of it.'
      : `Choose another port, or end what listens there${endpoint?.startsWith('[::]:') ? ' over IPv4 or IPv6' : ''} (ss -ltnp).`,
    EADDRNOTAVAIL: 'Choose an address of this host (ip address).',
    EACCES: 'Choose a port of 1024 or above, or run as root.',
    EAGAIN: 'Allow more threads (ulimit -u, or pids.max of the cgroup), or use fewer workers.',
    ...(syscall === 'setsockopt' && {
      EPERM:
        'A mark needs CAP_NET_ADMIN, and before Linux 5.7 a device needs CAP_NET_RAW: run as root, or leave it out.'
    }),
    EMFILE: 'Each port takes a descriptor: listen on fewer, or raise the limit (ulimit -n).'
  }
  return new C1mError(
    endpoint === undefined ? 'C1M_RUN_FAILED' : 'C1M_LISTEN_FAILED',
    endpoint === undefined
      ? `the engine cannot start: ${(error as Error).message}`
      : `cannot listen on ${endpoint}: ${syscall} ${code}`,
    { ...(hints[code] !== undefined && { hint: hints[code] }), cause: error }
  )
}
