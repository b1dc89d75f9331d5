/** Names with several addresses: the result says which one is dialed, and all can be. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Plan } from '../../lib/plan/plan.js'
import type { RunResult } from '../../lib/result/result.js'
import { type Ended, ending } from '../cli/run_cli.js'
import { listenIn } from '../helpers/causes.js'
import { connectNamespaces, main, mayMakeNamespaces, Namespace } from '../helpers/namespace.js'
import { temporaryFolder } from '../helpers/temporary.js'

const hosts = `
127.0.0.1 localhost
::1 localhost
198.18.91.2 several.test
198.18.91.3 several.test
198.18.91.2 families.test
198.18.91.3 families.test
fd00:91::2 families.test
127.0.0.1 astray.test
198.18.91.2 astray.test
198.18.91.2 other.test
`

let folder: ReturnType<typeof temporaryFolder> | undefined
beforeAll(() => {
  folder = temporaryFolder()
  writeFileSync(join(folder.path, 'hosts'), hosts)
})
afterAll(() => folder?.[Symbol.dispose]())

/** Runs the command line with these names. */
function named(namespace: Namespace, ...args: string[]): Promise<Ended> {
  const script = 'mount --bind "$0" /etc/hosts && exec "$@"'
  const file = join(folder?.path ?? '', 'hosts')
  return ending(namespace.spawn('unshare', '-m', 'sh', '-c', script, file, process.execPath, main, ...args))
}

async function jsonOf<T>(...args: Parameters<typeof named>): Promise<T> {
  const { stdout, stderr } = await named(...args)
  if (stdout === '') throw new Error(`there is no result: ${stderr}`)
  return JSON.parse(stdout) as T
}

/** A client, and a server with two addresses. */
async function twoHosts() {
  const client = await Namespace.create()
  const server = await Namespace.create()
  connectNamespaces(client, '198.18.91.1/24', server, '198.18.91.2/24')
  server.run('ip', 'address', 'add', '198.18.91.3/24', 'dev', 'veth0')
  return {
    client,
    server,
    [Symbol.dispose]() {
      client[Symbol.dispose]()
      server[Symbol.dispose]()
    }
  }
}

const dialedBy = ({ scenario }: RunResult | Plan) => scenario.targets.map(({ address }) => address)

describe.skipIf(!mayMakeNamespaces)('a name with several addresses (skipped without root)', () => {
  it('is dialed at its first address, and text and JSON say so', async () => {
    using between = await twoHosts()
    await using _listening = await listenIn(between.server, '0.0.0.0:8100')
    const result = await jsonOf<RunResult>(between.client, 'dial', 'several.test:8100', '-c', '10', '--json')
    expect(result.connections).toMatchObject({ established: 10, failed: 0 })
    expect(result.findings).toEqual([])
    const [target] = result.scenario.targets
    expect(result.scenario.otherAddresses).toMatchObject([{ host: 'several.test' }])
    const both = [target?.address, ...(result.scenario.otherAddresses[0]?.addresses ?? [])]
    expect(both.toSorted()).toEqual(['198.18.91.2', '198.18.91.3'])
    const text = `several.test:8100 (${target?.address}, 1 of 2 addresses)`
    expect(
      (await named(between.client, 'plan', 'several.test:8100', '-c', '10')).stdout.replace(/\s+/g, ' ')
    ).toContain(text)
    expect(
      (await named(between.client, 'dial', 'several.test:8100', '-c', '10')).stdout.replace(/\s+/g, ' ')
    ).toContain(text)
  })

  it('is dialed at all of them with --all-addresses', async () => {
    using between = await twoHosts()
    await using _listening = await listenIn(between.server, '198.18.91.2:8100')
    const all = ['several.test:8100', '--all-addresses', '-c', '10']
    const result = await jsonOf<RunResult>(between.client, 'dial', ...all, '--json')
    expect(dialedBy(result).toSorted()).toEqual(['198.18.91.2', '198.18.91.3'])
    expect(result.connections).toMatchObject({ established: 5, failed: 5 })
    const planned = await jsonOf<Plan>(between.client, 'plan', ...all, '--json')
    expect(dialedBy(planned)).toEqual(dialedBy(result))
    expect(planned.tuples.destinations).toBe(2)
    const { stdout } = await named(between.client, 'plan', ...all)
    expect(stdout.replace(/\s+/g, ' ')).toContain(`several.test:8100 (${dialedBy(result).join(', ')})`)
  })

  it('is dialed once at an address that it shares with another name', async () => {
    using between = await twoHosts()
    const planned = await jsonOf<Plan>(
      ...([between.client, 'plan', 'several.test:80', 'other.test:80', '--all-addresses', '--json'] as const)
    )
    expect(dialedBy(planned).toSorted()).toEqual(['198.18.91.2', '198.18.91.3'])
  })

  it('is dialed in the family with a route and a source, and the addresses left out are listed', async () => {
    using between = await twoHosts()
    const left = async (...args: string[]) => {
      const all = ['plan', 'families.test:80', '--all-addresses', '--json', ...args]
      const planned = await jsonOf<Plan>(between.client, ...all)
      expect(dialedBy(planned)).toHaveLength(3 - (planned.scenario.otherAddresses[0]?.addresses.length ?? 0))
      return planned.scenario.otherAddresses
    }
    const v4 = [{ host: 'families.test', addresses: ['fd00:91::2'] }]
    expect(await left()).toEqual(v4)
    between.client.run('ip', 'address', 'add', 'fd00:91::1/64', 'dev', 'veth0', 'nodad')
    expect(await left('-s', '198.18.91.1')).toEqual(v4)
    expect((await left('-s', 'fd00:91::1'))[0]?.addresses).toHaveLength(2)
    const { stdout } = await named(between.client, 'plan', 'families.test:80', '-s', 'fd00:91::1')
    expect(stdout.replace(/\s+/g, ' ')).toContain('families.test:80 (fd00:91::2, 1 of 3 addresses)')
  })

  it('is reported with the dialed address when one of its addresses is this host', async () => {
    using between = await twoHosts()
    const result = await jsonOf<RunResult>(between.client, 'dial', 'astray.test:8100', '-c', '2', '--json')
    const [target] = result.scenario.targets
    const { stdout } = await named(between.client, 'dial', 'astray.test:8100', '-c', '2')
    expect(stdout.replace(/\s+/g, ' ')).toContain(`astray.test:8100 (${target?.address}, 1 of 2 addresses)`)
  })
})
