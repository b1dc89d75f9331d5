/** Refuses every system except Linux. */
import { C1mError } from './errors.js'

/** @throws C1mError C1M_NATIVE_UNAVAILABLE on any other system */
export function assertLinux({
  platform,
  arch,
  versions
}: Pick<NodeJS.Process, 'platform' | 'arch' | 'versions'> = process): void {
  if (platform === 'linux') return
  throw new C1mError(
    'C1M_NATIVE_UNAVAILABLE',
    `Linux is needed, and this is ${platform} (${platform}-${arch}, Node ${versions.node})`,
    { hint: 'Use a Linux machine or a container: docker run --rm -it node npx c1m-native dial' }
  )
}
