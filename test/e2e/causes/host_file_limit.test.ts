import { describe, expect, it } from 'vitest'
import type { RunResult } from '../../../lib/result/result.js'
import { ending } from '../../cli/run_cli.js'
import { causesOf } from '../../helpers/causes.js'
import { changeHost, mayChangeHost, readSysctl, whyNot } from '../../helpers/host_changes.js'
import { main, Namespace } from '../../helpers/namespace.js'

describe.skipIf(!mayChangeHost)(`fs.file-max (${whyNot})`, () => {
  it('is named by a dial without CAP_SYS_ADMIN, to which alone the limit applies', async () => {
    using host = await Namespace.create()
    const open = Number(readSysctl('fs.file-nr').split(/\s+/)[0])
    using _changed = await changeHost('fs.file-max', open + 1000)
    const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all']
    const dial = [process.execPath, main, 'dial', '-c', '20k', '--json']
    const { stdout, stderr } = await ending(host.spawn('setpriv', ...nobody, ...dial))
    expect(stderr).toBe('')
    const result = JSON.parse(stdout) as RunResult
    expect(result.errors).toContainEqual(expect.objectContaining({ code: 'ENFILE' }))
    expect(causesOf(result)).toEqual(['host-file-limit'])
    expect(result.findings[0]).toMatchObject({ severity: 'critical', side: 'client' })
  })
})
