/** Changes sysctls of the whole host for a moment: for causes that no network namespace can have for itself. */
import { readFileSync } from 'node:fs'
import { thisProcess } from '../../lib/host/process_identity.js'
import { HostSysctls } from '../../lib/labs/sandbox/host_sysctls.js'
import { mayMakeNamespaces } from './namespace.js'

/** Requested by the environment, because it affects everything on the machine. */
export const mayChangeHost = mayMakeNamespaces && process.env.C1M_HOST_CHANGES === '1'

/** Why the tests are skipped otherwise. */
export const whyNot = 'changes the host: needs root and C1M_HOST_CHANGES=1'

/** Sets `name` until the end of the scope of `using`; waits while another process has changed sysctls. */
export async function changeHost(name: string, value: number | string) {
  const sysctls = new HostSysctls(thisProcess())
  await sysctls.set([name], name, value, AbortSignal.timeout(60_000))
  return { [Symbol.dispose]: () => sysctls.restore() }
}

/** The current value of a sysctl of the host. */
export function readSysctl(name: string): string {
  return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim()
}
