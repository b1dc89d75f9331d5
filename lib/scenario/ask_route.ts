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
