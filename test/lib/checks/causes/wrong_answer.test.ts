import { expect, it } from 'vitest'
import { wrongAnswer } from '../../../../lib/checks/causes/wrong_answer.js'
import { ended, linesOf, talking, watching } from '../fixtures.js'

function judge(text: string) {
  const context = talking([ended('wrong', 200)])
  if (context.run) {
    context.run.wrongAnswer = {
      connection: '198.18.10.1:1024 > 198.18.30.1:8100',
      offset: 0,
      expected: { text: '+PONG', hex: '2b504f4e47' },
      received: { text, hex: '' }
    }
  }
  return wrongAnswer.explain?.(context)
}

it('wrong-answer quotes the answer', () => {
  expect(judge('-NOAUTH\\r\\n')).toMatchObject({
    severity: 'critical',
    side: 'server',
    title: '200 of 10,000 exchanges got another answer than expected: "-NOAUTH\\r\\n"'
  })
  expect(judge('x'.repeat(64))?.title.endsWith(`"${'x'.repeat(60)}..."`)).toBe(true)
})

it('wrong-answer recognizes a limit when the server says so', () => {
  expect(linesOf(judge('-ERR max number of clients reached\\r\\n'))).toHaveLength(1)
  expect(linesOf(judge('\\x17\\0\\0\\x01\\xff\\x10\\x04Too many connections'))[0]).toMatch(
    /^# raise the limit/
  )
  expect(linesOf(judge('HTTP/1.1 404 Not Found'))[0]).toMatch(/^# compare/)
})

it('wrong-answer is silent in a healthy run, and beside a server', () => {
  expect(wrongAnswer.explain?.(talking([]))).toBeNull()
  expect(wrongAnswer.explain?.(watching())).toBeNull()
})
