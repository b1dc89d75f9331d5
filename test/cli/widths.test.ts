/** The command line on terminals of several widths: script(1) makes one. */
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runCli, runShell } from './run_cli.js'

const incident = fileURLToPath(new URL('../fixtures/incident-1.json', import.meta.url))
const plan = ['plan', '-c', '1m', '192.0.2.120:8100-8119', '-s', '192.0.2.44', '--facts', incident]

async function onTerminal(columns: number, ...args: readonly string[]): Promise<string[]> {
  const command = `stty cols ${columns} && env NO_COLOR=1 TERM=xterm $C1M ${args.join(' ')}`
  const { stdout } = await runShell(`script -qec "${command}" /dev/null`)
  return stdout.split('\r\n')
}

const longest = (lines: readonly string[]) =>
  Math.max(...lines.filter((line) => !/^ *remedy: [^#]/.test(line)).map((line) => line.length))

describe.each([60, 100, 160])('on a terminal of %i columns', (columns) => {
  it('a report fits, and its remedies stay whole', async () => {
    const lines = await onTerminal(columns, ...plan)
    expect(longest(lines)).toBeLessThanOrEqual(columns)
    // Wide terminals are used.
    expect(longest(lines)).toBeGreaterThan(columns * 0.8)
    expect(lines).toContain(
      "  remedy: nft 'add chain inet c1m pre { type filter hook prerouting priority raw; }'"
    )
  })

  it('help fits', async () => {
    const lines = await onTerminal(columns, 'lab', '--help')
    expect(lines[0]).toMatch(/^Usage: c1m-native lab list/)
    const text = lines.filter((line) => !/^ {2}(sudo )?c1m-native /.test(line))
    expect(longest(text)).toBeLessThanOrEqual(columns)
  })
})

it('what goes to no terminal has 80 columns', async () => {
  const lines = (await runCli(plan)).stdout.split('\n')
  expect(longest(lines)).toBeLessThanOrEqual(80)
  expect(longest(lines)).toBeGreaterThan(70)
})
