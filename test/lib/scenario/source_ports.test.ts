import { describe, expect, it } from 'vitest'
import {
  countPorts,
  type PortRange,
  type PortRules,
  parseSourcePorts,
  portsKeptBack,
  portsLeftToOthers,
  resolveSourcePorts
} from '../../../lib/scenario/source_ports.js'
import { caught } from '../../helpers/caught.js'

function rules(
  reserved: PortRange[] | null = [],
  unprivilegedStart: number | null = 1024,
  capabilities: string | null = '0'
): PortRules {
  return {
    kernel: { release: null, version: null, cpus: null, capabilities, initialUserNamespace: null },
    ports: { localRange: null, reserved, unprivilegedStart }
  }
}

describe('parseSourcePorts', () => {
  it.each<[string, PortRange[], PortRange[]]>([
    ['1024-65535', [], [[1024, 65_535]]],
    ['5000', [], [[5000, 5000]]],
    [
      '2000-2010',
      [[2005, 2005]],
      [
        [2000, 2004],
        [2006, 2010]
      ]
    ],
    [
      '2000-2010',
      [
        [2000, 2001],
        [2010, 2010]
      ],
      [[2002, 2009]]
    ],
    [
      '2000-2010',
      [
        [1000, 2003],
        [2008, 3000]
      ],
      [[2004, 2007]]
    ],
    [
      '2000-2010',
      [
        [2007, 2007],
        [2003, 2003],
        [2005, 2006]
      ],
      [
        [2000, 2002],
        [2004, 2004],
        [2008, 2010]
      ]
    ],
    [
      '2000-2010',
      [
        [1000, 1500],
        [3000, 4000]
      ],
      [[2000, 2010]]
    ],
    [
      '2000-2010',
      [
        [3000, 3000],
        [2002, 2010]
      ],
      [[2000, 2001]]
    ]
  ])('reads %s less the reserved %j', (text, reserved, ranges) => {
    expect(parseSourcePorts(text, rules(reserved))).toEqual(ranges)
  })

  it.each([
    ['', 'is not a port range'],
    ['many', 'is not a port range'],
    ['1024-', 'is not a port range'],
    ['-5', 'is not a port range'],
    ['1-2-3', 'is not a port range'],
    ['0-100', 'begins at 0, which is not a port'],
    ['1024-65536', 'ends at 65536, and ports end at 65535'],
    ['3000-2000', 'is reversed: 3000 is above 2000'],
    ['1000-2000', 'begins below 1024, where only privileged processes may bind']
  ])('refuses %j', (text, reason) => {
    expect(caught(() => parseSourcePorts(text, rules()))).toMatchObject({
      code: 'C1M_SOURCE_PORTS_INVALID',
      message: `sourcePorts: '${text}' ${reason}`,
      exitCode: 2
    })
  })

  it('allows ports below 1024 with the capability, or when the host allows them', () => {
    expect(parseSourcePorts('1-2000', rules([], 1024, '0000000000000400'))).toEqual([[1, 2000]])
    expect(parseSourcePorts('80-2000', rules([], 80))).toEqual([[80, 2000]])
    expect(caught(() => parseSourcePorts('1-2000', rules([], 1024, 'fffffffffffffbff')))).toMatchObject({
      hint: 'Begin at 1024, or grant CAP_NET_BIND_SERVICE.'
    })
  })

  it('uses the kernel defaults when the host does not report its own', () => {
    expect(parseSourcePorts('1024-2000', rules(null, null))).toEqual([[1024, 2000]])
    expect(() => parseSourcePorts('1000-2000', rules(null, null))).toThrow('begins below 1024')
    expect(parseSourcePorts('1000-2000', rules(null, null, null))).toEqual([[1000, 2000]])
  })

  it('requires one port that is not reserved', () => {
    const reserved: PortRange[] = [
      [8999, 8999],
      [9000, 9005]
    ]
    expect(caught(() => parseSourcePorts('9000-9001', rules(reserved)))).toMatchObject({
      code: 'C1M_SOURCE_PORTS_INVALID',
      message: "sourcePorts: '9000-9001' is wholly reserved by net.ipv4.ip_local_reserved_ports"
    })
  })
})

describe('portsLeftToOthers', () => {
  const left = (localRange: PortRange | null, reserved: PortRange[] | null = []) =>
    portsLeftToOthers({ localRange, reserved, unprivilegedStart: 1024 })

  it('returns the last 1,024 ephemeral ports', () => {
    expect(left([32_768, 60_999])).toEqual([[59_976, 60_999]])
    expect(left([1024, 65_535])).toEqual([[64_512, 65_535]])
  })

  it('returns all ephemeral ports when there are fewer', () => {
    expect(left([2048, 2080])).toEqual([[2048, 2080]])
  })

  it('returns no reserved port, because the kernel assigns those to nobody', () => {
    expect(
      left(
        [32_768, 60_999],
        [
          [60_990, 61_100],
          [60_000, 60_899]
        ]
      )
    ).toEqual([
      [60_900, 60_989],
      [59_066, 59_999]
    ])
  })

  it('returns those of the kernel default when the host does not report its range', () => {
    expect(left(null, null)).toEqual([[59_976, 60_999]])
  })
})

describe('resolveSourcePorts', () => {
  it('leaves some ephemeral ports to other programs by default', () => {
    const ports = resolveSourcePorts(undefined, rules())
    expect(ports).toEqual([
      [1024, 59_975],
      [61_000, 65_535]
    ])
    expect(countPorts(ports)).toBe(64_512 - 1024)
    expect(portsKeptBack(undefined, rules([[2000, 2009]]))).toEqual({ reserved: 10, leftToOthers: 1024 })
  })

  it('starts by default at the first port this process may bind', () => {
    const first = (unprivilegedStart: number | null, capabilities: string | null = '0') =>
      resolveSourcePorts(undefined, rules([], unprivilegedStart, capabilities))[0]?.[0]
    expect([first(2000), first(80), first(null)]).toEqual([2000, 1024, 1024])
    // CAP_NET_BIND_SERVICE is capability 10.
    expect([first(2000, '400'), first(2000, null)]).toEqual([1024, 1024])
    expect(portsKeptBack(undefined, rules([[1990, 2009]], 2000))).toEqual({
      reserved: 10,
      leftToOthers: 1024
    })
  })

  it('uses every port that is given', () => {
    expect(resolveSourcePorts('1024-65535', rules())).toEqual([[1024, 65_535]])
    expect(portsKeptBack('1024-65535', rules([[2000, 2009]]))).toEqual({ reserved: 10, leftToOthers: 0 })
    expect(portsKeptBack('1024-65535', rules(null)).reserved).toBeNull()
  })
})
