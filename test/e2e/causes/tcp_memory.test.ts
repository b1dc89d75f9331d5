import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCounters } from '../../../lib/host/counters.js'
import { causesOf, dialIn, listenIn, watchIn } from '../../helpers/causes.js'
import { changeHost, mayChangeHost, readSysctl, whyNot } from '../../helpers/host_changes.js'
import { Namespace } from '../../helpers/namespace.js'
import { temporaryFolder } from '../../helpers/temporary.js'

const target = '127.0.0.1:8100'

describe.skipIf(!mayChangeHost)(`tcp_mem (${whyNot})`, () => {
  it('is named on both sides when socket buffers reach it', async () => {
    using host = await Namespace.create()
    using folder = temporaryFolder()
    const message = join(folder.path, 'message')
    writeFileSync(message, Buffer.alloc(1 << 20, 'x'))
    await using server = await listenIn(host, target)
    // Data sent to it stays in buffers.
    server.stop()
    await using watching = await watchIn(host, target)
    const [, , high] = readSysctl('net.ipv4.tcp_mem').split(/\s+/)
    // Memory pressure starts 16 MB from here; it makes nothing fail.
    const pressure = (readCounters()['Sockstat.TCP.mem'] ?? 0) + 4000
    using _changed = await changeHost('net.ipv4.tcp_mem', `${pressure} ${pressure} ${high}`)
    const dialing = dialIn(
      host,
      target,
      '-c',
      '100',
      '--send',
      `@${message}`,
      '--hold',
      '1s',
      '--exchange-timeout',
      '1s'
    )
    const result = await dialing
    expect(causesOf(result)).toEqual(['tcp-memory'])
    expect(result.findings[0]?.title).toMatch(/^TCP buffers of the whole host reached tcp_mem/)
    const seen = await watching.found()
    expect(causesOf(seen)).toEqual(['tcp-memory'])
  })
})
