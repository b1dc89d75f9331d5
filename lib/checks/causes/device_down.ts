import type { DownDevice } from '../../observe/down_device.js'
import type { Evidence } from '../../result/finding.js'
import { defineCheck } from '../context.js'
import { fact, failures, figure, tallyEvidence } from '../evidence.js'
import { advice, command, type Remedy, shellWord } from '../remedy.js'
import { timedOut } from '../symptoms.js'
import { synLoss } from './syn_loss.js'
import { synUnanswered } from './syn_unanswered.js'
import { unreachable } from './unreachable.js'

/**
 * The device the connections would leave by is set down (IFF_UP, netdevice(7)), or has no carrier. Set down it has lost
 * its routes, and connect(2) fails with ENETUNREACH. Without carrier its routes stay: SYNs go nowhere, and once no
 * neighbour answers connect(2) fails with EHOSTUNREACH, after some three seconds.
 */
export const deviceDown = defineCheck({
  id: 'device-down',
  rank: 35,
  concerns: 'dialer',
  about: {
    summary:
      'The network device that connections to the target leave by is set down or has no carrier, so they fail or get no answer.',
    evidence:
      'The device whose network has the source address or the target is down or has no carrier, and connections failed with ENETUNREACH, ENETDOWN or EHOSTUNREACH, or got no answer. A device that no connection of the run needs is left out.',
    remedy:
      'Set the device up with `ip link set dev DEVICE up`. For a device without a carrier the remedy is advice: plug in its cable, or set up the other end of its pair, the port of its switch, or its tunnel.',
    mistakenFor:
      'A missing route, which fails with the same ENETUNREACH while every device is up. A target that does not exist, which also fails with EHOSTUNREACH after some three seconds, while the device has a carrier. Both are `unreachable`.'
  },

  predict({ downDevice, needs: { connections } }) {
    if (downDevice === null) return null
    return {
      severity: 'critical',
      side: 'client',
      title: `${stateOf(downDevice)}, and connections to ${downDevice.target} leave by it`,
      evidence: deviceEvidence(downDevice),
      remedy: remedy(downDevice),
      events: connections,
      bindsAt: 0,
      explains: downDevice.isOnlyWay ? [unreachable] : []
    }
  },

  explain(context) {
    const { run, downDevice } = context
    if (run === null || downDevice === null) return null
    const { tallies, count } = failures(context, codes, 'connect')
    const events = count + timedOut(run)
    if (events === 0) return null
    return {
      severity: 'critical',
      side: 'client',
      title: `${stateOf(downDevice)}, and connections to ${downDevice.target} leave by it: ${downDevice.isOnlyWay ? '' : 'some of '}${figure(events)} failed`,
      evidence: [
        ...tallyEvidence([...tallies, ...failures(context, ['ETIMEDOUT']).tallies]),
        ...deviceEvidence(downDevice)
      ],
      remedy: remedy(downDevice),
      events,
      // What failed on another way has a cause of its own.
      explains: downDevice.isOnlyWay ? [unreachable, synUnanswered, synLoss] : []
    }
  }
})

const codes = ['ENETUNREACH', 'ENETDOWN', 'EHOSTUNREACH']

function stateOf({ name, state }: DownDevice): string {
  return state === 'down' ? `the device ${name} is down` : `the device ${name} has no carrier`
}

function deviceEvidence({ name, state, network }: DownDevice): Evidence[] {
  return [...fact(`device ${name}`, state), ...fact(`network of ${name}`, network)]
}

function remedy({ name, state }: DownDevice): Remedy[] {
  if (state === 'down') return [command(`ip link set dev ${shellWord(name)} up`)]
  return [
    advice('plug in its cable, or set up the other end of its pair, the port of its switch, its tunnel'),
    command(`ip -details link show dev ${shellWord(name)}`)
  ]
}
