import { describe, expect, it } from 'vitest'
import { buildCommands, removeCommand, type Topology } from '../../../../lib/labs/sandbox/topology.js'
import { pair, path } from '../../../../lib/labs/topologies/pair_and_path.js'

const lines = (topology: Topology) =>
  buildCommands(topology, (role) => `x-${role}`).map(({ argv }) => argv.join(' '))

describe('a topology becomes commands', () => {
  it('of two hosts on a cable', () => {
    expect(lines(pair({ ipv6: false }))).toEqual([
      'ip netns add x-client',
      'ip -n x-client link set dev lo up',
      'ip netns add x-server',
      'ip -n x-server link set dev lo up',
      'ip -n x-client link add cable type veth peer name cable netns x-server',
      'ip -n x-client link set dev cable up',
      'ip -n x-server link set dev cable up',
      'ip -n x-client address add 198.18.2.1/24 dev cable',
      'ip -n x-server address add 198.18.2.2/24 dev cable'
    ])
  })

  it('of a path: routes after addresses, sysctls last', () => {
    const all = lines(
      path({ ipv6: false, server: { sysctls: { 'net.core.somaxconn': 9, 'net.a.b': 'x y' } } })
    )
    expect(all.slice(-4)).toEqual([
      'ip -n x-client route add default via 198.18.1.1',
      'ip -n x-server route add default via 198.18.2.1',
      'nsenter --net=/run/netns/x-router -- sysctl -q -w net.ipv4.ip_forward=1',
      'nsenter --net=/run/netns/x-server -- sysctl -q -w net.core.somaxconn=9 net.a.b=x y'
    ])
  })

  it('of IPv6: addresses are usable at once', () => {
    const all = lines(path({ ipv6: true }))
    expect(all).toContain('ip -n x-server address add 2001:2:0:2::2/64 dev cable nodad')
    expect(all).toContain('ip -n x-client -6 route add default via 2001:2:0:1::1')
    expect(all[1]).toMatch(/accept_dad=0 .*accept_dad=0$/)
  })

  it('with rules on stdin, never through a shell', () => {
    const rules = 'table inet lab { }; $(reboot)'
    const commands = buildCommands({ namespaces: { one: { rules } }, links: [] }, (role) => role)
    expect(commands.at(-1)).toEqual({
      argv: ['nsenter', '--net=/run/netns/one', '--', 'nft', '-f', '-'],
      input: rules
    })
  })
})

it('a namespace is removed by its name', () => {
  expect(removeCommand('x').argv).toEqual(['ip', 'netns', 'delete', 'x'])
})
