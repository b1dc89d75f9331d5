import { formatEndpoint } from '../../net/address.js'
import { formatPorts } from '../../net/targets.js'
import { defineCheck } from '../context.js'
import { connectionEvidence, counterEvidence, failures, figure, percent, tallyEvidence } from '../evidence.js'
import { advice, command } from '../remedy.js'
import { severityOf } from '../symptoms.js'

/** The target answered a SYN with RST (ECONNREFUSED, connect(2)): nobody listens there, or a firewall rejects. */
export const connectionRefused = defineCheck({
  id: 'connection-refused',
  rank: 170,
  concerns: 'listener',

  explain(context) {
    const { tallies, count } = failures(context, ['ECONNREFUSED'], 'connect')
    const { run, scenario } = context
    if (count === 0 || run === null) return null
    const share = percent(count / Math.max(1, run.connections.attempted))
    const [target] = scenario?.targets ?? []
    return {
      severity: severityOf(context, count),
      side: 'server',
      title:
        run.connections.established === 0
          ? `the target refused ${figure(count)} connections: nobody listens there`
          : `the target refused ${figure(count)} connections, ${share} of them: some ports have no listener, or it went away`,
      evidence: [
        ...tallyEvidence(tallies),
        ...connectionEvidence(context, 'established'),
        ...counterEvidence(context, 'Tcp.AttemptFails')
      ],
      remedy: [
        command('ss -ltn'),
        ...(target
          ? [command(`c1m-native listen ${formatEndpoint(target.address, formatPorts(target))}`)]
          : []),
        advice('or a firewall rejects: nft list ruleset | grep reject')
      ],
      events: count
    }
  }
})
