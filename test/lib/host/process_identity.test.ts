import { describe, expect, it } from 'vitest'
import {
  formatProcess,
  identifyProcess,
  isAlive,
  parseProcess,
  thisProcess
} from '../../../lib/host/process_identity.js'
import { fakeRoot } from './fake_root.js'

const stat = (pid: number, state: string, name = 'node') =>
  `${pid} (${name}) ${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21`

describe('the identity of a process', () => {
  it('is alive for this process', () => {
    expect(thisProcess().pid).toBe(process.pid)
    expect(isAlive(thisProcess())).toBe(true)
  })

  it('does not match another process with the same number', () => {
    expect(isAlive({ pid: process.pid, startTicks: 1 })).toBe(false)
  })

  it('is read from a stat file with an unusual program name', () => {
    const root = fakeRoot({ '7/stat': stat(7, 'S', 'a) R 1 (b') })
    expect(identifyProcess(7, root)).toEqual({ pid: 7, startTicks: 4711 })
  })

  it('has ended when the process is a zombie', () => {
    expect(identifyProcess(7, fakeRoot({ '7/stat': stat(7, 'Z') }))).toBeNull()
    expect(identifyProcess(8, '/nowhere')).toBeNull()
  })

  it('has a text form, and other texts are refused', () => {
    expect(formatProcess({ pid: 7, startTicks: 4711 })).toBe('7-4711')
    expect(parseProcess('7-4711')).toEqual({ pid: 7, startTicks: 4711 })
    for (const text of ['', '7', '7-', '-7', '7-x', '../7-1', '7-1/..']) expect(parseProcess(text)).toBeNull()
  })
})
