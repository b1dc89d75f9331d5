import { describe, expect, it } from 'vitest'
import { isAlive, namespaceName, ownerOf, readOwner } from '../../../lib/labs/owner.js'
import { fakeRoot } from '../host/fake_root.js'

const stat = (pid: number, state: string, name = 'node') =>
  `${pid} (${name}) ${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21`

describe('the owner of a namespace', () => {
  it('is in its name, and only in that of a lab', () => {
    const owner = { pid: 12, startTicks: 345 }
    expect(namespaceName(owner, '0-server')).toBe('c1mlab-12-345-0-server')
    expect(ownerOf('c1mlab-12-345-0-server')).toEqual(owner)
    expect(ownerOf('c1mlab-x')).toBeNull()
    expect(ownerOf('production')).toBeNull()
  })

  it('is this process, alive', () => {
    const owner = readOwner(process.pid)
    expect(owner).toMatchObject({ pid: process.pid })
    expect(owner && isAlive(owner)).toBe(true)
  })

  it('is not whoever has its number now', () => {
    expect(isAlive({ pid: process.pid, startTicks: 1 })).toBe(false)
  })

  it('is read from a stat whose program has an odd name', () => {
    const root = fakeRoot({ '7/stat': stat(7, 'S', 'a) R 1 (b') })
    expect(readOwner(7, root)).toEqual({ pid: 7, startTicks: 4711 })
  })

  it('is gone as a zombie', () => {
    expect(readOwner(7, fakeRoot({ '7/stat': stat(7, 'Z') }))).toBeNull()
    expect(readOwner(8, '/nowhere')).toBeNull()
  })
})
