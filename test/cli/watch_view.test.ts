import { expect, it } from 'vitest'
import { watchLine, watchPage } from '../../lib/cli/watch_view.js'
import { plain } from '../../lib/report/paint.js'
import { watchReport } from '../../lib/report/watch_text.js'
import { watchResult, watchSnapshot } from '../helpers/watch_examples.js'

const startingWith = (label: string, lines: readonly string[]) => {
  const first = lines.findIndex((line) => line.startsWith(label))
  const rest = lines.slice(first + 1).findIndex((line) => !line.startsWith(' '))
  return lines.slice(first, first + 1 + rest)
}

it('the page folds ports whose queues look alike, below those that are full', () => {
  const lines = watchPage(watchSnapshot(), watchResult().watched, plain)
  expect(lines[0]).toBe('watching 0.0.0.0:8100-8119, 1m 21s, sockets 4s ago')
  expect(startingWith('queues', lines)).toEqual([
    'queues     0.0.0.0:8107       [################]  4,097 of 4,096 waiting, 50,000 open, 12 half-open',
    '           0.0.0.0:8100-8106  [................]  0 to 2 of 4,096 waiting, 50,000 open each',
    '           0.0.0.0:8108-8119  [................]  0 to 2 of 4,096 waiting, 49,998 to 50,000 open each'
  ])
})

it('the report folds ports that were never in trouble', () => {
  const lines = watchReport(watchResult(), plain).split('\n')
  expect(lines[0]).toBe('Watched 0.0.0.0:8100-8119 for 1m 21s.')
  expect(startingWith('queues', lines)).toEqual([
    'queues     0.0.0.0:8107       4,097 of 4,096 waiting at most, full 2 times, 1,204 packets dropped',
    '           0.0.0.0:8100-8106  0 to 2 of 4,096 waiting at most',
    '           0.0.0.0:8108-8119  0 to 2 of 4,096 waiting at most'
  ])
})

it('the line of a log says how long it watches, the sockets, what comes, and the fullest queue', () => {
  expect(watchLine(watchSnapshot())).toBe(
    '1m 21s, 999,998 ESTABLISHED, 12 SYN_RECV, 0/s accepted, 4,097 of 4,096 waiting at 0.0.0.0:8107, 500 packets dropped'
  )
})
