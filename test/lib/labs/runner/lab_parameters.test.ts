import { describe, expect, it } from 'vitest'
import { resolveParameters } from '../../../../lib/labs/runner/lab_parameters.js'
import { caught } from '../../../helpers/caught.js'

const lab = {
  parameters: {
    connections: { default: 1000, least: 100, most: 4000 },
    backlog: { default: 64, least: 1, most: 2000 }
  },
  fit: ({ connections = 0, backlog = 0 }) => ({ connections: Math.max(connections, backlog * 2) })
} as const

describe('parameters of a lab', () => {
  it('are its defaults unless the caller gives others', () => {
    expect(resolveParameters(lab, {}, false)).toEqual({ connections: 1000, backlog: 64, ipv6: false })
    expect(resolveParameters(lab, { backlog: 8 }, true)).toEqual({
      connections: 1000,
      backlog: 8,
      ipv6: true
    })
  })

  it('are raised when the incident needs it', () => {
    expect(resolveParameters(lab, { backlog: 1500 }, false)).toMatchObject({ connections: 3000 })
  })

  it('of other labs are ignored', () => {
    expect(resolveParameters(lab, { loss: 5 }, false)).not.toHaveProperty('loss')
  })

  it.each([0, 2001, 1.5])('are refused at %d', (backlog) => {
    expect(caught(() => resolveParameters(lab, { backlog }, false))).toMatchObject({
      code: 'C1M_OPTION_INVALID',
      message: `--backlog is ${backlog.toLocaleString('en')}, and must be a whole number from 1 to 2,000`
    })
  })
})
