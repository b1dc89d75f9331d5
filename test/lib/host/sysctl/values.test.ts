import { readdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import {
  isSysctlValue,
  isWritten,
  readSysctl,
  sysctlPath,
  writeSysctl
} from '../../../../lib/host/sysctl/values.js'
import { caught } from '../../../helpers/caught.js'
import { FakeHost } from '../../doctor/fake_host.js'

const memory = 'net.ipv4.tcp_mem'

it('sysctl values are read and written with normalized white space', () => {
  const { procRoot } = new FakeHost({ [memory]: '1\t2\t3' }).places
  expect(readSysctl(memory, procRoot)).toBe('1 2 3')
  writeSysctl(memory, '4 5 6', procRoot)
  expect(readSysctl(memory, procRoot)).toBe('4 5 6')
})

it('a sysctl that does not exist is not created', () => {
  const { procRoot } = new FakeHost({ [memory]: '1\t2\t3' }).places
  const path = sysctlPath(memory, procRoot)
  rmSync(path)
  expect(caught(() => writeSysctl(memory, '4 5 6', procRoot))).toMatchObject({ code: 'ENOENT' })
  expect(readdirSync(dirname(path))).toEqual([])
})

it('isWritten and isSysctlValue accept only known names and numeric values', () => {
  expect(isWritten('net.netfilter.nf_conntrack_max')).toBe(true)
  for (const name of ['kernel.core_pattern', '../../../etc/passwd', 'toString', ''])
    expect(isWritten(name)).toBe(false)
  for (const value of ['0', '65536', '1 2 3']) expect(isSysctlValue(value)).toBe(true)
  for (const value of ['', ' ', '1 ', '1\t2', '-1', '1 2 3 4', '|/bin/sh', 5, null])
    expect(isSysctlValue(value)).toBe(false)
})
