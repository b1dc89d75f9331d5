/** Compilation on the host, for when no prebuilt addon fits. */
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, it } from 'vitest'
import { bareMachine } from './bare_machine.js'

it('an installed package compiles its addon without cmake-js', () => {
  using machine = bareMachine()
  machine.install(inject('tarball'))
  rmSync(join(machine.installed, 'prebuilds'), { recursive: true })
  expect(existsSync(join(machine.path, 'node_modules', 'cmake-js'))).toBe(false)

  const hint = /compile the addon: node (\S+), which needs/.exec(
    machine.run('npx', 'c1m-native', 'dial').stderr
  )
  execFileSync(process.execPath, [hint?.[1] ?? ''], { cwd: '/', stdio: ['ignore', 'ignore', 'inherit'] })
  expect(machine.run('npx', 'c1m-native', 'dial', '-c', '100', '-q')).toMatchObject({ code: 0 })
})

it('an installed package names the missing build tools in one sentence', () => {
  using machine = bareMachine()
  machine.install(inject('tarball'))
  expect(machine.run('node', join(machine.installed, 'native', 'build.mjs'))).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'c1m-native: cannot compile the native addon because cmake, a C++20 compiler, and make or ninja are missing; ' +
      "install with 'apt-get install cmake g++ make', 'dnf install cmake gcc-c++ make' or " +
      "'apk add cmake g++ linux-headers make' and run the command again.\n"
  })
})
