import { describe, expect, it } from 'vitest'
import { establishedHashUndersized } from '../../../../lib/checks/causes/established_hash_undersized.js'
import { explaining, linesOf, point, predicting, run } from '../fixtures.js'

const falling = Array.from({ length: 40 }, (_, index) =>
  point(index / 4, index * 1000, 300_000 / (1 + index / 4))
)
const large = { requested: 1_000_000, attempted: 1_000_000, established: 1_000_000, peak: 1_000_000 }

describe('explain', () => {
  const small = { tcp: { ehashEntries: 65_536 } }
  const explain = (changes: Parameters<typeof run>[0], facts: object = small) =>
    establishedHashUndersized.explain?.(explaining({ run: run(changes), facts, peerIsHere: true }))

  it('names hash chains that grow while the rate falls', () => {
    expect(explain({ connections: large, series: falling })).toMatchObject({
      severity: 'warning',
      title: expect.stringContaining(
        '2,000,000 sockets filled 65,536 buckets of the established hash, 30.5 to a chain'
      )
    })
  })

  it('ignores sockets of other namespaces when this one has its own table', () => {
    const fewer = { requested: 1000, attempted: 1000, established: 1000, peak: 1000 }
    const judged = (ehashShared: boolean) =>
      establishedHashUndersized.explain?.(
        explaining({
          run: run({ connections: fewer, series: falling }),
          facts: { tcp: { ehashEntries: 65_536, ehashShared } },
          counters: { 'Sockstat.TCP.alloc': 2_000_000, 'Sockstat.TCP.inuse': 2000 }
        })
      )
    expect(judged(false)).toBeNull()
    expect(judged(true)).toMatchObject({ severity: 'warning' })
  })

  it('does not judge a rate that a schedule sets', () => {
    const scenario = { rate: [{ atMs: 0, perSecond: 1000 }] }
    const slowing = run({ connections: large, series: falling })
    expect(
      establishedHashUndersized.explain?.(
        explaining({ run: slowing, facts: small, peerIsHere: true, scenario })
      )
    ).toBeNull()
  })

  it.each([
    ['a rate that holds', { connections: large }, small],
    [
      'a load that does not matter',
      { connections: large, series: falling },
      { tcp: { ehashEntries: 262_144 } }
    ],
    [
      'a rate that falls for lost SYNs',
      { connections: large, series: falling, retransmits: { syn: 50_000 } },
      small
    ],
    ['a run too short to tell', { connections: large, series: falling.slice(0, 5) }, small],
    ['an unknown size', { connections: large, series: falling }, { tcp: { ehashEntries: null } }]
  ])('is silent with %s', (_, changes, facts) => {
    expect(explain(changes, facts)).toBeNull()
  })
})

describe('predict', () => {
  const predict = (sockets: number, tcp: object = {}) =>
    establishedHashUndersized.predict?.(
      predicting({ needs: { sockets, connections: sockets / 2 }, facts: { tcp } })
    )

  it('accepts two million sockets in a stock table of 262,144 buckets', () => {
    expect(predict(2_000_000)).toBeNull()
  })

  it('offers a namespace with its own table', () => {
    const verdict = predict(2_000_000, { ehashEntries: 65_536 })
    expect(verdict).toMatchObject({ severity: 'warning', bindsAt: 262_144 })
    expect(linesOf(verdict)[0]).toBe('sysctl -w net.ipv4.tcp_child_ehash_entries=2097152')
  })

  it('offers a boot option for kernels without namespace tables', () => {
    expect(linesOf(predict(2_000_000, { ehashEntries: 65_536, childEhashEntries: null }))).toEqual([
      '# or boot with thash_entries=2097152'
    ])
  })
})
