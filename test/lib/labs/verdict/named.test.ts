import { expect, it } from 'vitest'
import { causesOf } from '../../../../lib/labs/verdict/named.js'
import { observation } from '../fixtures.js'

it('a cause seen on the server explains the symptom that the client saw', () => {
  const seen = [observation('syn-loss', 'dial in client'), observation('conntrack-table-full')]
  expect(causesOf(seen)).toEqual(['conntrack-table-full'])
})

it('without a cause the symptom is named', () => {
  expect(causesOf([observation('syn-loss', 'dial in client')])).toEqual(['syn-loss'])
})

it('a guess of the client counts only when no cause was seen', () => {
  const guess = observation('peer-descriptor-limit', 'dial in client')
  expect(causesOf([guess, observation('accept-queue-overflow')])).toEqual(['accept-queue-overflow'])
  expect(causesOf([guess])).toEqual(['peer-descriptor-limit'])
  expect(causesOf([observation('peer-descriptor-limit')])).toEqual(['peer-descriptor-limit'])
})

it('two causes are both named, each once', () => {
  const seen = ['time-wait-paws', 'time-wait-overflow', 'time-wait-paws'].map((id) => observation(id))
  expect(causesOf(seen)).toEqual(['time-wait-paws', 'time-wait-overflow'])
})
