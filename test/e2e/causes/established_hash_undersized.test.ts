import { describe, expect, it } from 'vitest'
import { causesOf, dialIn, typeIn } from '../../helpers/causes.js'
import { mayMakeNamespaces, Namespace } from '../../helpers/namespace.js'

describe.skipIf(!mayMakeNamespaces)('an established hash with too few buckets (skipped without root)', () => {
  it('is named when the rate falls with every connection, and the remedy gives a namespace a larger one', async ({
    skip
  }) => {
    using parent = await Namespace.create()
    try {
      parent.run('sysctl', '-q', '-w', 'net.ipv4.tcp_child_ehash_entries=16')
    } catch {
      skip('needs namespaces with a hash of their own: Linux 6.1')
    }
    using child = await Namespace.create(parent)
    const result = await dialIn(child, '-c', '12k', '--workers', '1')
    expect(result.connections).toMatchObject({ established: 12_000, failed: 0 })
    expect(causesOf(result)).toEqual(['established-hash-undersized'])
    expect(result.findings[0]?.title).toMatch(/ 24,00\d sockets filled 16 buckets .*, 1,500 to a chain$/)
    const [lengthen = 'false', make] = result.findings[0]?.remedy ?? []
    expect(make).toMatch(/^ip netns add /)
    typeIn(child, lengthen)
    using grandchild = await Namespace.create(child)
    expect(causesOf(await dialIn(grandchild, '-c', '12k', '--workers', '1'))).toEqual([])
  })
})
