import { expect, it } from 'vitest'
import { assertLinux } from '../../../lib/base/platform.js'
import { describeFailure } from '../../../lib/cli/failure.js'
import { caught } from '../../helpers/caught.js'
import { resultOf } from '../../helpers/node_script.js'

const versions = { ...process.versions, node: '24.1.0' }

it('assertLinux accepts Linux', () => {
  expect(() => assertLinux({ platform: 'linux', arch: 'riscv64', versions })).not.toThrow()
})

it('assertLinux names any other system, and the way to Linux', () => {
  const error = caught(() => assertLinux({ platform: 'darwin', arch: 'arm64', versions }))
  expect(describeFailure(error, false).text).toMatchInlineSnapshot(`
    "c1m-native: Linux is needed, and this is darwin (darwin-arm64, Node 24.1.0). Use a Linux machine or a container: docker run --rm -it node npx c1m-native dial.
    "
  `)
})

it('every function that inspects the host checks for Linux first', async () => {
  const script = `
    Object.defineProperty(process, 'platform', { value: 'win32' })
    const { dial, doctor, listen, plan, revertDoctor, watch } = c1m
    const tries = [() => dial().result, doctor, listen, plan, revertDoctor, watch, () => watch({ drops: true })]
    const codes = tries.map(async (run) => (await run()).nothing)
      .map((tried) => tried.catch(({ code, message }) => code + ' ' + message.split(' (')[0]))
    console.log(JSON.stringify([...new Set(await Promise.all(codes))]))`
  expect(await resultOf(script)).toEqual(['C1M_NATIVE_UNAVAILABLE Linux is needed, and this is win32'])
})
