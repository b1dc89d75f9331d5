import { expect, it } from 'vitest'
import { buildCommands } from '../../../../lib/labs/sandbox/topology.js'
import { balanced } from '../../../../lib/labs/topologies/balancer.js'

it('a balancer has the place and the address of the server, with servers behind it', () => {
  const topology = balanced({ ipv6: false, clients: 1, ports: 2, servers: 3, known: 2 })
  expect(Object.keys(topology.namespaces)).toEqual([
    'nat',
    'client1',
    'balancer',
    'server1',
    'server2',
    'server3'
  ])
  expect(topology.namespaces.balancer?.rules).toMatch(
    /numgen inc mod 2 vmap \{ 0 : goto server1, 1 : goto server2 \}$/
  )
  const commands = buildCommands(topology, (role) => role).map(({ argv }) => argv.join(' '))
  expect(commands).toContain('ip -n balancer address add 198.18.2.2/24 dev cable')
})
