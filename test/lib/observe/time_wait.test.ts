import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { TimeWaitWatch } from '../../../lib/observe/time_wait.js'

it('TimeWaitWatch sees a connection in TIME_WAIT', async () => {
  const watch = new TimeWaitWatch()
  const server = createServer((socket) => socket.resume().on('end', () => socket.end())).listen(
    0,
    '127.0.0.1'
  )
  await once(server, 'listening')
  const client = connect((server.address() as { port: number }).port, '127.0.0.1')
  client.resume().end()
  await once(client, 'close')
  server.close()
  const { before, peak, after } = watch.totals()
  expect(before).toBeGreaterThanOrEqual(0)
  expect(peak).toBeGreaterThanOrEqual(1)
  expect(after).toBeGreaterThanOrEqual(1)
})
