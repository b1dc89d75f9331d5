/** Error texts for an engine that cannot start, and the early start of Node's thread pool. */
import { stat } from 'node:fs'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { C1mError } from '../base/errors.js'
import type { NativeAddon } from './native.js'

let hasThreadPool = false

/**
 * Starts libuv's thread pool before the engine's threads use up all that the host allows. libuv starts its threads with
 * the first request and aborts the process if it cannot, so the number of threads is tried first.
 */
export function makeThreadPool(addon: Pick<NativeAddon, 'tryThreads'>): void {
  if (hasThreadPool) return
  // The number of threads libuv starts: uv__work_submit in src/threadpool.c.
  addon.tryThreads(Math.min(1024, Number(process.env.UV_THREADPOOL_SIZE) || 4))
  stat('/', () => {})
  hasThreadPool = true
}

/** Node's table names only errors that libuv uses; EBADMSG, for example, is only in the constants. */
export function errorName(errno: number): string {
  const name = getSystemErrorName(-errno)
  if (/^E\w+$/.test(name)) return name
  const known = Object.entries(constants.errno).find(([, value]) => value === errno)
  return known?.[0] ?? `errno ${errno}`
}

/** @param endpoint the endpoint that could not be listened on; undefined if that was not the reason */
export function startFailure(error: unknown, endpoint?: string): C1mError {
  const { syscall, errno } = error as { syscall?: string; errno?: number }
  const code = errno === undefined ? '' : errorName(errno)
  const hints: Record<string, string> = {
    EADDRINUSE: endpoint?.endsWith(':0')
      ? 'The kernel has no port left to choose: widen net.ipv4.ip_local_port_range, close the sockets that hold its ports (ss -tan), or name a port outside of it.'
      : `Choose another port, or stop the program that listens there${endpoint?.startsWith('[::]:') ? ' over IPv4 or IPv6' : ''} (ss -ltnp).`,
    EADDRNOTAVAIL: 'Choose an address of this host (ip address).',
    EACCES: 'Choose a port of 1024 or above, or run as root.',
    EAGAIN: 'Allow more threads (ulimit -u, or pids.max of the cgroup), or use fewer workers.',
    ...(syscall === 'setsockopt' && {
      EPERM:
        'A mark needs CAP_NET_ADMIN, and before Linux 5.7 a device needs CAP_NET_RAW: run as root, or leave the option out.'
    }),
    EMFILE: 'Each port takes a descriptor: listen on fewer ports, or raise the limit (ulimit -n).'
  }
  return new C1mError(
    endpoint === undefined ? 'C1M_RUN_FAILED' : 'C1M_LISTEN_FAILED',
    endpoint === undefined
      ? `the engine cannot start: ${(error as Error).message}`
      : `cannot listen on ${endpoint}: ${syscall} ${code}`,
    { ...(hints[code] !== undefined && { hint: hints[code] }), cause: error }
  )
}
