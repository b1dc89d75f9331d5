/** Socket options that the kernel refuses, at the addon; see native/net/socket_options.h. */
import { readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { describe, expect, it } from 'vitest'
import { dialing, listening, missingDevice, small } from '../../helpers/native_config.js'
import { createRun, runThrough } from '../../helpers/native_run.js'

describe('a run with socket options', () => {
  it('closes each socket whose option the kernel refuses', async () => {
    const open = () => readdirSync('/proc/self/fd').length
    const config = {
      ...small,
      dial: dialing({ connections: 1000, socketOptions: [missingDevice] }),
      listen: listening()
    }
    const held: number[] = []
    const errors: unknown[] = []
    const before = open()
    await runThrough(config, (run, event) => {
      if (event !== 'ramped') return
      errors.push(...run.errors())
      // The tables are private, or part of the table of the process.
      const tables = readdirSync('/proc/self/task').map(
        (thread) => readdirSync(`/proc/self/task/${thread}/fd`).length
      )
      held.push(Math.max(...tables))
      run.close()
    })
    expect(errors).toEqual([
      {
        phase: 'socket',
        errno: constants.errno.ENODEV,
        count: 1000,
        example: expect.stringContaining(' > '),
        firstNs: expect.any(Number)
      }
    ])
    expect(held[0]).toBeLessThan(before + 50)
    expect(open()).toBe(before)
  })

  it('reports the call when an option of its listener is refused, and leaves no socket', () => {
    const open = () => readdirSync('/proc/self/fd').length
    const before = open()
    for (let i = 0; i < 100; i++) {
      const run = createRun({ ...small, listen: listening({ socketOptions: [missingDevice] }) })
      expect(() => run.start()).toThrow(
        expect.objectContaining({ errno: constants.errno.ENODEV, syscall: 'setsockopt' })
      )
    }
    expect(open()).toBe(before)
  })

  it('passes an empty value to the kernel, which refuses it', () => {
    const keepalive = { family: 0, level: 1, name: 9, value: new Uint8Array(0) }
    const run = createRun({ ...small, listen: listening({ socketOptions: [keepalive] }) })
    expect(() => run.start()).toThrow(
      expect.objectContaining({ errno: constants.errno.EINVAL, syscall: 'setsockopt' })
    )
  })

  it('tolerates a getter of its socket options that uses the addon', () => {
    const other = createRun({ ...small, listen: listening() })
    const option = {
      ...missingDevice,
      get value() {
        other.close()
        other.join()
        createRun({ ...small, listen: listening() }).close()
        return missingDevice.value
      }
    }
    const run = createRun({ ...small, listen: listening({ socketOptions: [option] }) })
    expect(() => run.start()).toThrow(expect.objectContaining({ syscall: 'setsockopt' }))
  })
})
