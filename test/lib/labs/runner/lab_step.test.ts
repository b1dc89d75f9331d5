import { expect, it } from 'vitest'
import { hostSysctlsOf, type Step, toolsOf } from '../../../../lib/labs/runner/lab_step.js'

const step = (changes: Partial<Step>): Step => ({ name: '', role: 'healthy', text: '', load: [], ...changes })

it('steps that only dial and listen need no further tools', () => {
  const steps = [
    step({ topology: { namespaces: { server: {} }, links: [] }, servers: [{ in: 'server', listen: [] }] })
  ]
  expect(toolsOf(steps)).toEqual([])
  expect(hostSysctlsOf(steps)).toEqual([])
})

it('rules of a topology or of a change need nft', () => {
  const topology = { namespaces: { router: { rules: 'table inet lab { }' } }, links: [] }
  expect(toolsOf([step({ topology })])).toEqual(['nft'])
  expect(toolsOf([step({ changes: [{ in: 'router', rules: 'table inet lab { }' }] })])).toEqual(['nft'])
})

it('programs that a change or a server runs are needed, each once', () => {
  const changes = [{ in: 'server', run: ['conntrack', '-F'] }]
  const servers = [{ in: 'server', argv: ['prlimit', '--nofile=9', 'node'] }]
  expect(toolsOf([step({ changes }), step({ changes, servers })])).toEqual(['conntrack', 'prlimit'])
})

it('sysctls of the host that steps change are listed, each once', () => {
  const steps = [1, 2].map((value) =>
    step({ changes: [{ host: { 'net.netfilter.nf_conntrack_max': value } }] })
  )
  expect(hostSysctlsOf(steps)).toEqual(['net.netfilter.nf_conntrack_max'])
})
