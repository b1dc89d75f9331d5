/** Sysctls of the whole host, for a moment: for tests whose cause no network namespace can have for itself. */
import { readFileSync } from 'node:fs'
import { thisProcess } from '../../lib/host/process_identity.js'
import { HostSysctls } from '../../lib/labs/sandbox/host_sysctls.js'
import { mayMakeNamespaces } from './namespace.js'

/** Asked for in the environment: whatever else runs on the machine feels it. */
export const mayChangeHost = mayMakeNamespaces && process.env.C1M_HOST_CHANGES === '1'

/** Why it is skipped elsewhere. */
export const whyNot = 'changes the host: needs root and C1M_HOST_CHANGES=1'

/** Sets `name` until the end of the scope of `using`; waits while somebody else has changed some. */
export async function changeHost(name: string, value: number | string) {
  const sysctls = new HostSysctls(thisProcess())
  await sysctls.set([name], name, value, AbortSignal.timeout(60_000))
  return { [Symbol.dispose]: () => sysctls.restore() }
}

/** A sysctl of the host as it is. */
export function readSysctl(name: string): string {
  return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim()
}
