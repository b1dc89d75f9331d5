import { expect, it } from 'vitest'
import { KernelSymbols } from '../../../lib/host/kernel_symbols.js'

const symbols = new KernelSymbols(`ffffffff81000200 T nf_hook_slow
ffffffff81000000 T _stext
ffffffff81000300 t __ip_local_out
ffffffff81000280 d some_data
ffffffffc0001000 t ipv4_confirm	[nf_conntrack]
`)

it.each([
  [0xffff81000210, 'nf_hook_slow'],
  [0xffff810002f0, 'nf_hook_slow'],
  // A return address is after its call, and may be after the end of the function.
  [0xffff81000300, 'nf_hook_slow'],
  [0xffff81000301, '__ip_local_out'],
  [0xffffc0001010, 'ipv4_confirm']
])('kernel symbols name the function at %i', (address, name) => {
  expect(symbols.nameOf(address)).toBe(name)
})

it('kernel symbols give the address when the function is unknown', () => {
  expect(symbols.nameOf(0xffff80000000)).toBe('0xffffffff80000000')
  const hidden = new KernelSymbols('0000000000000000 T nf_hook_slow\n')
  expect(hidden.nameOf(0xffff81000210)).toBe('0xffffffff81000210')
})
