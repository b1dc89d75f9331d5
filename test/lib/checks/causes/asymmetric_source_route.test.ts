import { describe, expect, it } from 'vitest'
import { asymmetricSourceRoute } from '../../../../lib/checks/causes/asymmetric_source_route.js'
import { foresee } from '../../../../lib/checks/index.js'
import type { AsymmetricRoute } from '../../../../lib/observe/source_routes.js'
import { linesOf, predicting } from '../fixtures.js'

const asymmetricRoute: AsymmetricRoute = {
  source: '198.18.2.1',
  owner: 'eth1',
  target: '198.18.1.2',
  device: 'eth0',
  lookup: 'ip route get 198.18.1.2 from 198.18.2.1'
}

describe('predict', () => {
  it('names both devices, the command that shows it, and a rule that fixes it', () => {
    const verdict = asymmetricSourceRoute.predict?.(predicting({ asymmetricRoute }))
    expect(verdict).toMatchObject({
      severity: 'warning',
      side: 'client',
      title:
        'packets from 198.18.2.1 (on eth1) to 198.18.1.2 leave by eth0: a router or a strict rp_filter may drop them',
      evidence: [
        { name: 'ip route get 198.18.1.2 from 198.18.2.1', before: null, after: 'dev eth0' },
        { name: 'device of 198.18.2.1', before: null, after: 'eth1' }
      ]
    })
    expect(linesOf(verdict)).toEqual([
      '# route by source, with the gateway of eth1 where 198.18.1.2 is not on its link:',
      '# ip route add 198.18.1.2 via GATEWAY dev eth1 table 100',
      '# ip rule add from 198.18.2.1 table 100',
      '# or dial from an address of eth0: c1m-native dial --source eth0 ...'
    ])
  })

  it('writes commands for IPv6', () => {
    const v6 = { ...asymmetricRoute, source: 'fd00:2::1', target: 'fd00:1::2' }
    const lines = linesOf(asymmetricSourceRoute.predict?.(predicting({ asymmetricRoute: v6 })))
    expect(lines).toContain('# ip -6 rule add from fd00:2::1 table 100')
  })

  it('is the only prediction, and is silent when routes are symmetric or unknown', () => {
    const ids = (context: ReturnType<typeof predicting>) => foresee(context).map(({ id }) => id)
    expect(ids(predicting({ asymmetricRoute }))).toEqual(['asymmetric-source-route'])
    expect(ids(predicting())).toEqual([])
  })
})
