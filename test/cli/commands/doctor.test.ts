import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exitCodeOf } from '../../../lib/cli/commands/doctor.js'
import { doctor } from '../../../lib/doctor/doctor.js'
import { resultOf } from '../../helpers/node_script.js'
import { temporaryFolder } from '../../helpers/temporary.js'
import { FakeHost } from '../../lib/doctor/fake_host.js'
import { runCli, runShell } from '../run_cli.js'

const somaxconn = '/proc/sys/net/core/somaxconn'

describe('doctor', () => {
  it('exits with 0 when the goal fits', async () => {
    const { code, stdout, stderr } = await runCli(['doctor', '-c', '100'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^100 connections, with both ends on this host: nothing known will stop them/)
  })

  it('exits with 3 when a limit is exceeded', async () => {
    const { code, stdout } = await runCli(['doctor', '-c', '2000m', '--role', 'client', '--json'])
    expect(code).toBe(3)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({ schema: 'c1m-native/doctor@1', fits: false, goal: { role: 'client' } })
    expect(report.findings.map(({ id }: { id: string }) => id)).toContain('descriptor-limit')
  })

  it.each([
    [['--apply', '--revert'], '--apply and --revert exclude each other'],
    [['--role', 'peer'], '--role must be client, server or both'],
    [
      ['--role', 'both', '198.51.100.1:80'],
      'with role both, both ends must be on this host, but 198.51.100.1:80 is not'
    ],
    [['--self-test', '-c', '5'], '--self-test takes no goal'],
    [['--self-test', '--apply'], '--self-test takes no goal'],
    [['--allow-host-changes'], '--allow-host-changes is for --self-test'],
    [['--hold', '5s'], 'unknown option --hold']
  ])('exits with 2 for %j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(['doctor', ...args])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('exits with 2 for --revert without a journal', async () => {
    using state = temporaryFolder()
    const { code, stdout, stderr } = await runCli(['doctor', '--revert'], { XDG_STATE_HOME: state.path })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe(
      `c1m-native: there is no journal at '${state.path}/c1m-native/sysctl-journal.json': nothing was applied from here. ` +
        'Revert as the user who applied the settings, with the same XDG_STATE_HOME.\n'
    )
  })
})

it('doctor prints a report that plan accepts as facts', async () => {
  using state = temporaryFolder()
  const path = join(state.path, 'report.json')
  await runCli(['doctor', '-c', '100', '--out', path])
  const { stdout, stderr } = await runCli(['plan', '-c', '100', '--facts', path, '--json'])
  expect(stderr).toBe('')
  expect(JSON.parse(stdout).facts.client).toEqual(JSON.parse(readFileSync(path, 'utf8')).facts)
})

describe('doctor --apply', () => {
  const goal = { connections: 1_000_000, role: 'server', apply: true } as const
  const [max, buckets] = ['net.netfilter.nf_conntrack_max', 'net.netfilter.nf_conntrack_buckets']

  const readOnly = (host: FakeHost, name: string) => {
    rmSync(host.path(name))
    // A small number that not even root can write.
    symlinkSync('/proc/sys/kernel/cap_last_cap', host.path(name))
  }

  it.each<[string, number, boolean, (host: FakeHost) => void]>([
    ['all settings writable', 0, true, () => {}],
    ['a read-only bucket count', 3, false, (host) => readOnly(host, buckets)],
    ['a read-only table size', 3, false, (host) => readOnly(host, max)],
    ['a missing bucket count', 3, true, (host) => rmSync(host.path(buckets))]
  ])('with %s exits with %i', async (_, code, fits, hinder) => {
    const host = new FakeHost()
    hinder(host)
    const report = await doctor(goal, host.places)
    expect(report.fits).toBe(fits)
    expect(exitCodeOf(report)).toBe(code)
  })

  it('exits with 0 when nothing is needed, also the second time', async () => {
    const host = new FakeHost()
    const codes = [
      exitCodeOf(await doctor({ ...goal, connections: 100 }, host.places)),
      exitCodeOf(await doctor(goal, host.places)),
      exitCodeOf(await doctor(goal, host.places))
    ]
    expect(codes).toEqual([0, 0, 0])
  })
})

const mayMakeNamespaces = spawnSync('unshare', ['-n', 'true']).status === 0

describe.skipIf(!mayMakeNamespaces)('doctor in its own network namespace (needs root)', () => {
  /** Runs shell lines in a new namespace with short accept queues. */
  const inNamespace = (state: string, ...lines: string[]) =>
    runShell(
      `export XDG_STATE_HOME=${state}; exec unshare -n bash -c '${[`echo 128 > ${somaxconn}`, ...lines].join('\n')}'`
    )
  const goal = '$C1M doctor --role server -c 1000 -r 100k'

  it('applies and reverts, each any number of times, without changing the host', async () => {
    using state = temporaryFolder()
    const outside = readFileSync(somaxconn, 'utf8')
    const { code, stdout, stderr } = await inNamespace(
      state.path,
      `${goal} --apply | grep -A2 ^Applied; cat ${somaxconn}`,
      `${goal} --apply | grep "to apply"; cat ${somaxconn}`,
      `$C1M doctor --revert; cat ${somaxconn}`,
      `$C1M doctor --revert; cat ${somaxconn}`
    )
    const journal = `${state.path}/c1m-native/sysctl-journal.json`
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    // The path of the journal has no room beside what is said of it.
    expect(stdout.replace(/\n(?=\()/g, ' ').split('\n')).toEqual([
      `Applied; c1m-native doctor --revert puts it back (${journal}):`,
      '  net.core.somaxconn 128 -> 65535',
      '65535',
      'Nothing to apply.',
      '65535',
      `Put back (${journal}):`,
      '  net.core.somaxconn 65535 -> 128',
      '128',
      expect.stringMatching(/^Nothing to put back: it was put back at \d{4}-/),
      '128',
      ''
    ])
    expect(readFileSync(somaxconn, 'utf8')).toBe(outside)
  })

  it('leaves alone a sysctl that another process has changed since', async () => {
    using state = temporaryFolder()
    const { stdout } = await inNamespace(
      state.path,
      `${goal} --apply > /dev/null; echo 999 > ${somaxconn}; $C1M doctor --revert; cat ${somaxconn}`
    )
    expect(stdout.split('\n').slice(1)).toEqual([
      'Left alone, because somebody else has changed it since:',
      '  net.core.somaxconn is 999; it was 128, and had been set to 65535',
      '999',
      ''
    ])
  })

  it('changes nothing when the journal belongs to another namespace or is half written', async () => {
    using state = temporaryFolder()
    const journal = `${state.path}/c1m-native/sysctl-journal.json`
    // The number of a removed namespace may be reused, so the first one stays during the second.
    const { stdout: tried, stderr: refused } = await inNamespace(
      state.path,
      `${goal} --apply > /dev/null`,
      `unshare -n bash -c "echo 128 > ${somaxconn}; ${goal} --apply; echo \\$?; $C1M doctor --revert; echo \\$?; cat ${somaxconn}"`
    )
    expect(tried).toBe('2\n2\n128\n')
    const complaint =
      /is of another network namespace, net:\[\d+\] \(this is net:\[\d+\]\); nothing was changed/
    expect(refused.trimEnd().split('\n')).toEqual([
      expect.stringMatching(complaint),
      expect.stringMatching(complaint)
    ])
    const { code, stdout, stderr } = await inNamespace(
      state.path,
      `truncate -s 200 ${journal}; ${goal} --apply; code=$?; cat ${somaxconn}; exit $code`
    )
    expect({ code, stdout }).toEqual({ code: 2, stdout: '128\n' })
    expect(stderr).toContain('is half written or no JSON; nothing was changed')
  })

  /** As in a container: only the accept queue is too short, which is a warning, and nothing can be set. */
  const readOnly = ['mount --bind /proc/sys /proc/sys', 'mount -o remount,bind,ro /proc/sys']
  const inContainer = (state: string, ...lines: string[]) =>
    inNamespace(state, `exec unshare -m bash -c "${[...readOnly, ...lines].join('; ')}"`)

  it('exits with 3 when nothing that is needed could be applied, even for warnings only', async () => {
    using state = temporaryFolder()
    const { code, stdout, stderr } = await inContainer(state.path, `${goal} --apply --json`)
    const { fits, settings, application } = JSON.parse(stdout)
    expect({ code, stderr, fits, settings: settings.length }).toEqual({
      code: 3,
      stderr: '',
      fits: true,
      settings: 1
    })
    expect(application).toMatchObject({ applied: [], blocked: [{ name: 'net.core.somaxconn' }] })
    // Without --apply doctor only judges the host.
    const judged = await inContainer(state.path, `${goal}`)
    expect(judged.code).toBe(0)
  })

  it('restores everything after SIGKILL at any moment', async () => {
    using state = temporaryFolder()
    const change = `await c1m.doctor({ role: 'server', connections: 1000, rate: 1e5, apply: true })`
    const found = await resultOf<string[]>(
      `import { spawn } from 'node:child_process'
      import { once } from 'node:events'
      import { readFileSync, writeFileSync } from 'node:fs'
      writeFileSync('${somaxconn}', '128')
      const loop = \`const c1m = await import('\${library}')
        for (;;) { ${change}; c1m.revertDoctor(); console.log() }\`
      const found = []
      for (let kill = 0; kill < 8; kill++) {
        const child = spawn(process.execPath, ['--input-type=module', '--eval', loop], { stdio: ['ignore', 'pipe', 'inherit'] })
        await once(child.stdout, 'data')
        // The moment of the crash.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
        child.kill('SIGKILL')
        await once(child, 'exit')
        c1m.revertDoctor()
        found.push(readFileSync('${somaxconn}', 'utf8').trim())
      }
      console.log(JSON.stringify(found))`,
      { under: ['unshare', '-n'], env: { XDG_STATE_HOME: state.path } }
    )
    expect(found).toEqual(new Array(8).fill('128'))
  })

  it('refuses to change anything while another process does, and works once that process has ended', async () => {
    using state = temporaryFolder()
    const lock = `${state.path}/c1m-native/sysctl-journal.json.lock`
    const { code, stdout, stderr } = await inNamespace(
      state.path,
      `${goal} --apply > /dev/null; echo 128 > ${somaxconn}`,
      `sleep 600 & ln -s $!-$(cut -d " " -f 22 /proc/$!/stat) ${lock}; echo $!`,
      `${goal} --apply; echo $?; $C1M doctor --revert; echo $?; cat ${somaxconn}`,
      `{ kill -KILL $!; wait $!; } 2> /dev/null`,
      `${goal} --apply > /dev/null; $C1M doctor --revert; cat ${somaxconn}; ls -A ${state.path}/c1m-native`
    )
    const [pid, ...lines] = stdout.split('\n')
    const busy = `c1m-native: process ${pid} is changing the sysctls of this host (lock '${lock}'); nothing was changed. Run it again when that is done; if there is no such process, rm '${lock}'.`
    expect(stderr.trimEnd().split('\n')).toEqual([busy, busy])
    expect({ code, lines }).toEqual({
      code: 0,
      lines: [
        '2',
        '2',
        '128',
        `Put back (${state.path}/c1m-native/sysctl-journal.json):`,
        '  net.core.somaxconn 65535 -> 128',
        '128',
        'sysctl-journal.json',
        ''
      ]
    })
  })

  it('loses no value when several processes apply and revert at the same time', async () => {
    using state = temporaryFolder()
    const found = await resultOf<{ codes: string[]; value: string }>(
      `import { spawn } from 'node:child_process'
      import { once } from 'node:events'
      import { readFileSync, writeFileSync } from 'node:fs'
      writeFileSync('${somaxconn}', '128')
      const loop = \`const c1m = await import('\${library}')
        for (let i = 0; i < 25; i++) {
          const report = () => c1m.doctor({ role: 'server', connections: 1000, rate: 1e5, apply: true })
          for (const change of [report, c1m.revertDoctor])
            try { await change() } catch ({ code, message }) { console.error(code ?? message) }
        }\`
      const children = Array.from({ length: 3 }, () =>
        spawn(process.execPath, ['--input-type=module', '--eval', loop], { stdio: ['ignore', 'ignore', 'pipe'] }))
      let errors = ''
      for (const { stderr } of children) stderr.on('data', (text) => { errors += text })
      await Promise.all(children.map((child) => once(child, 'close')))
      c1m.revertDoctor()
      const codes = [...new Set(errors.split('\\n').filter(Boolean))]
      console.log(JSON.stringify({ codes, value: readFileSync('${somaxconn}', 'utf8').trim() }))`,
      { under: ['unshare', '-n'], env: { XDG_STATE_HOME: state.path } }
    )
    expect(found.value).toBe('128')
    // A process that runs before the first journal exists has none to revert.
    const expected = ['C1M_JOURNAL_BUSY', 'C1M_JOURNAL_MISSING']
    expect(found.codes.filter((code) => !expected.includes(code))).toEqual([])
  })

  it('says that a sysctl of the host cannot be set from there', async () => {
    using state = temporaryFolder()
    // Tracking starts with the first rule that needs it; the connections are open while doctor runs.
    const { code, stdout, stderr } = await inNamespace(
      state.path,
      'ip link set lo up',
      'nft add table inet t',
      'nft "add chain inet t in { type filter hook input priority 0; }"',
      'nft add rule inet t in ct state established accept',
      'coproc $C1M listen 127.0.0.1:0 --ndjson -q',
      'read -r line <&$COPROC; port=$(grep -o "[0-9]*" <<< "$line" | tail -1)',
      'exec 4<>/dev/tcp/127.0.0.1/$port',
      '$C1M doctor -c 100m --role client --apply --json; code=$?; kill -INT $COPROC_PID; exit $code'
    )
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
    const { application, settings } = JSON.parse(stdout)
    expect(application).toMatchObject({ applied: [] })
    // Which limit is reached first depends on the host.
    expect(settings).toContainEqual(
      expect.objectContaining({
        name: 'net.netfilter.nf_conntrack_max',
        scope: 'initial-namespace',
        blocked: 'cannot be set from this network namespace: set it on the host'
      })
    )
  })
})

it.skipIf(mayMakeNamespaces)('doctor was not tested in a namespace: unshare -n needs root', () => {})
