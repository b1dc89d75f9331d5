import { expect, it } from 'vitest'
import {
  advice,
  command,
  notrack,
  placed,
  prlimit,
  roundUp,
  shellLine,
  sysctl
} from '../../../lib/checks/remedy.js'
import { scenario, target } from './fixtures.js'

it('shellLine writes each step as a shell line, and quotes values with spaces', () => {
  expect(shellLine(sysctl('net.core.somaxconn', 65535))).toBe('sysctl -w net.core.somaxconn=65535')
  expect(shellLine(sysctl('net.ipv4.tcp_mem', '1 2 3'))).toBe('sysctl -w net.ipv4.tcp_mem="1 2 3"')
  expect(shellLine(prlimit('$$', 1024))).toBe('prlimit --pid $$ --nofile=1024:1024')
  expect(shellLine(command('ss -ltn'))).toBe('ss -ltn')
  expect(shellLine(advice('accept faster'))).toBe('# accept faster')
})

it('roundUp rounds up to a power of two', () => {
  expect([0, 1, 3, 1024, 1025].map(roundUp)).toEqual([1, 1, 4, 1024, 2048])
})

it('notrack merges overlapping ports, because nft would refuse them', () => {
  const targets = [
    { ...target, firstPort: 9000, lastPort: 9000 },
    { ...target, firstPort: 8110, lastPort: 8130 },
    target
  ]
  expect(notrack(scenario({ targets })).map(shellLine)).toEqual([
    'nft add table inet c1m',
    "nft 'add chain inet c1m pre { type filter hook prerouting priority raw; }'",
    "nft 'add rule inet c1m pre tcp dport { 8100-8130, 9000 } notrack'",
    "nft 'add rule inet c1m pre tcp sport { 8100-8130, 9000 } notrack'",
    "nft 'add chain inet c1m out { type filter hook output priority raw; }'",
    "nft 'add rule inet c1m out tcp dport { 8100-8130, 9000 } notrack'",
    "nft 'add rule inet c1m out tcp sport { 8100-8130, 9000 } notrack'"
  ])
})

it('a remedy says where a step applies, when another follows elsewhere, and that a limit needs root', () => {
  const lines = (...steps: Parameters<typeof placed>[0]) => placed(steps).map(shellLine)
  expect(lines(sysctl('net.ipv4.tcp_max_orphans', 9), sysctl('net.core.somaxconn', 9))).toEqual([
    '# in the initial network namespace:',
    'sysctl -w net.ipv4.tcp_max_orphans=9',
    '# in this network namespace:',
    'sysctl -w net.core.somaxconn=9'
  ])
  expect(lines(sysctl('fs.file-max', 9))).toEqual(['sysctl -w fs.file-max=9'])
  expect(lines(prlimit(7, 9))).toEqual(['# as root:', 'prlimit --pid 7 --nofile=9:9'])
  expect(lines(advice('as root, in the shell:'), prlimit('$$', 9))).toHaveLength(2)
})
