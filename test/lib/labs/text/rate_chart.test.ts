import { expect, it } from 'vitest'
import { drawChart } from '../../../../lib/labs/text/rate_chart.js'

const curve = (...perSecond: number[]) => ({ everySeconds: 1, perSecond })

it('draws a collapse on a logarithmic scale', () => {
  const panels = [
    { caption: 'healthy', curve: curve(10_000, 10_000, 10_000, 10_000) },
    { caption: 'broken', curve: curve(10_000, 1000, 100, 10, 0, 0) }
  ]
  expect(`\n${drawChart(panels, { columns: 24, rows: 4 }).join('\n')}\n`).toMatchInlineSnapshot(`
    "
       10k │███████████│██
        1k │███████████│████
       100 │███████████│██████
        10 │███████████│████████
            healthy     broken
    "
  `)
})

it('has room for a caption that is longer than its share', () => {
  const panels = [
    { caption: 'a short one with a long name', curve: curve(10) },
    { caption: 'long', curve: curve(...Array(100).fill(10)) }
  ]
  expect(drawChart(panels, { columns: 40, rows: 2 }).at(-1)).toContain('a short one with a long name long')
})

it('has a scale even without a curve', () => {
  const lines = drawChart([{ caption: 'none', curve: curve() }], { columns: 10, rows: 2 })
  expect(lines).toEqual(['    10 │', '     3 │', '        none'])
})

it('shows the smallest rate', () => {
  const [line = ''] = drawChart([{ caption: 'x', curve: curve(1, 1_000_000) }], { columns: 2, rows: 1 })
  expect(line).toBe('    1m │▁█')
})
