import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Btf } from '../../../lib/host/btf.js'
import { kernelLayout } from '../../../lib/observe/drops.js'

const vmlinux = '/sys/kernel/btf/vmlinux'

describe.skipIf(!existsSync(vmlinux))(`Btf (skipped without ${vmlinux})`, () => {
  const btf = existsSync(vmlinux) ? new Btf(readFileSync(vmlinux)) : undefined

  it('finds members, also of unnamed and of nested parts', () => {
    // A list head of two pointers, of this machine's width.
    expect(btf?.offsetOf('list_head', 'next')).toBe(0)
    expect(btf?.offsetOf('list_head', 'prev')).toBe(8)
    // struct sock_common begins with a union of both addresses (include/net/sock.h).
    expect(btf?.offsetOf('sock_common', 'skc_daddr')).toBe(0)
    expect(btf?.offsetOf('sock_common', 'skc_rcv_saddr')).toBe(4)
    expect(btf?.offsetOf('sock', '__sk_common.skc_rcv_saddr')).toBe(4)
  })

  it('finds nothing for an unknown member', () => {
    expect(btf?.offsetOf('no_such_struct', 'next')).toBeNull()
    expect(btf?.offsetOf('list_head', 'last')).toBeNull()
    expect(btf?.offsetOf('list_head', 'next.next')).toBeNull()
  })

  it('has every field that the drop monitor reads', () => {
    const layout = btf && kernelLayout(btf)
    expect(Object.values(layout ?? {})).toHaveLength(8)
  })
})

it.each([
  ['data that is not BTF', Buffer.from('something else, but long enough to be read')],
  ['another byte order', Buffer.from([0xeb, 0x9f, 0, 1, 0, 0, 0, 24, ...Array(16).fill(0)])],
  ['half of a file', Buffer.from([0x9f, 0xeb])]
])('Btf refuses %s', (_, data) => {
  expect(() => new Btf(data)).toThrow()
})
