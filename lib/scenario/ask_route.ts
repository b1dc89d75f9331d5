/** How a scenario asks the kernel for its routes: as its connections will, with their mark and device. */
import { findRoute } from '../engine/devices.js'
import type { AskRoute } from '../net/sources.js'
import type { ChosenSocketOptions } from './socket_options.js'

/** Through rtnetlink(7), which needs no port. Says nothing where that is refused or there is no addon for this host. */
export function askRoute({ mark, device }: Pick<ChosenSocketOptions, 'mark' | 'device'>): AskRoute {
  return ({ address, firstPort }) => {
    try {
      const route = findRoute({ target: address, port: firstPort, mark, device })
      return 'error' in route || route.source !== '' ? route : null
    } catch {
      return null
    }
  }
}

/** Whether a route leads to an address; where the kernel cannot be asked, it is taken to. */
export function hasRoute(
  options: Pick<ChosenSocketOptions, 'mark' | 'device'>
): (address: string) => boolean {
  return (address) => {
    try {
      return !('error' in findRoute({ target: address, mark: options.mark, device: options.device }))
    } catch {
      return true
    }
  }
}
