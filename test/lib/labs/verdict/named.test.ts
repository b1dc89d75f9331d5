import { expect, it } from 'vitest'
import { causesOf } from '../../../../lib/labs/verdict/named.js'
import { observation } from '../fixtures.js'

it('a cause seen at the server explains what the client could only guess', () => {
  const seen = [observation('syn-loss', 'dial in client'), observation('conntrack-table-full')]
  expect(causesOf(seen)).toEqual(['conntrack-table-full'])
})

it('without one the symptom is all there is', () => {
  expect(causesOf([observation('syn-loss', 'dial in client')])).toEqual(['syn-loss'])
})

it('a guess from afar is none beside a cause, and one without', () => {
  const guess = observation('peer-descriptor-limit', 'dial in client')
  expect(causesOf([guess, observation('accept-queue-overflow')])).toEqual(['accept-queue-overflow'])
  expect(causesOf([guess])).toEqual(['peer-descriptor-limit'])
  expect(causesOf([observation('peer-descriptor-limit')])).toEqual(['peer-descriptor-limit'])
})

it('two causes are both named, each once', () => {
  const seen = ['time-wait-paws', 'time-wait-overflow', 'time-wait-paws'].map((id) => observation(id))
  expect(causesOf(seen)).toEqual(['time-wait-paws', 'time-wait-overflow'])
})
