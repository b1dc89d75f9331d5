import { expect, it } from 'vitest'
import { runCli } from '../run_cli.js'

it.each(['bash', 'zsh', 'fish'])('completion prints a script for %s', async (shell) => {
  const { code, stdout, stderr } = await runCli(['completion', shell])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain(`made by: c1m-native completion ${shell}`)
})

it('completion without a shell asks for one', async () => {
  expect(await runCli(['completion'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: 'c1m-native: completion needs a shell, and none was given. Write one of bash, zsh, fish.\n'
  })
})

it('completion refuses other shells', async () => {
  expect(await runCli(['completion', 'csh'])).toMatchObject({
    code: 2,
    stderr: "c1m-native: completion needs a shell, not 'csh'. Write one of bash, zsh, fish.\n"
  })
})
