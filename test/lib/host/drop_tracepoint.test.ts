import { expect, it } from 'vitest'
import { dropFilter, ignoredReasons, parseDropTracepoint } from '../../../lib/host/drop_tracepoint.js'

const format = (fields: string, reasons = '') => `name: kfree_skb
ID: 2310
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:void * skbaddr;	offset:8;	size:8;	signed:0;
	field:void * location;	offset:16;	size:8;	signed:0;
${fields}
print fmt: "skbaddr=%p protocol=%u location=%pS reason: %s", REC->skbaddr, __print_symbolic(REC->reason${reasons})
`

const current = format(
  `	field:void * rx_sk;	offset:24;	size:8;	signed:0;
	field:unsigned short protocol;	offset:32;	size:2;	signed:0;
	field:enum skb_drop_reason reason;	offset:36;	size:4;	signed:0;`,
  ', { 2, "NOT_SPECIFIED" }, { 3, "NO_SOCKET" }, { 12, "NETFILTER_DROP" }, { 104, "QUEUE_PURGE" }'
)

it('parseDropTracepoint reads the fields of a sample, and the names of the reasons', () => {
  expect(parseDropTracepoint(current)).toEqual({
    id: 2310,
    locationOffset: 16,
    reason: { offset: 36, bytes: 4 },
    protocol: { offset: 32, bytes: 2 },
    reasons: new Map([
      [2, 'NOT_SPECIFIED'],
      [3, 'NO_SOCKET'],
      [12, 'NETFILTER_DROP'],
      [104, 'QUEUE_PURGE']
    ])
  })
})

it('parseDropTracepoint works on kernels without drop reasons', () => {
  const old = parseDropTracepoint(format('	field:unsigned short protocol;	offset:24;	size:2;	signed:0;'))
  expect(old).toMatchObject({ reason: null, protocol: { offset: 24, bytes: 2 }, reasons: new Map() })
  expect(old && dropFilter(old)).toBe('(protocol == 2048 || protocol == 34525)')
})

it('dropFilter leaves out reasons of normal work by name, whatever their number', () => {
  const tracepoint = parseDropTracepoint(current)
  if (!tracepoint) throw new Error('not read')
  expect(ignoredReasons(tracepoint.reasons)).toEqual([2, 104])
  expect(dropFilter(tracepoint)).toBe(
    '(protocol == 2048 || protocol == 34525) && reason != 2 && reason != 104'
  )
})

it.each(['', 'name: kfree_skb\n', format('').replace('location', 'place'), format('').replace('ID', 'No')])(
  'parseDropTracepoint returns null for an invalid file (%#)',
  (text) => {
    expect(parseDropTracepoint(text)).toBeNull()
  }
)
