import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tcpServices } from '../../../lib/net/services.js'
import { temporaryFolder } from '../../helpers/temporary.js'

it('reads the names and aliases of TCP services, of each the first', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'services')
  writeFileSync(
    path,
    `# comment 1/tcp
http\t\t80/tcp\t\twww web # WorldWideWeb
domain 53/udp
domain 5353/tcp
www 81/tcp
`
  )
  expect([...(tcpServices(path) ?? [])]).toEqual([
    ['http', 80],
    ['www', 80],
    ['web', 80],
    ['domain', 5353]
  ])
})

it('says where there is no such file', () => {
  expect(tcpServices('/nonexistent/services')).toBeNull()
})
