/** A client and a server in separate networks, with a router between them. */
import { connectNamespaces, Namespace } from './namespace.js'

export interface Routed extends Disposable {
  /** 198.18.1.1 */
  readonly client: Namespace
  /** 198.18.1.254 on its device `left`, 198.18.2.254 on `right`. */
  readonly router: Namespace
  /** 198.18.2.2 */
  readonly far: Namespace
}

export async function routedNamespaces(): Promise<Routed> {
  const client = await Namespace.create()
  const router = await Namespace.create()
  const far = await Namespace.create()
  connectNamespaces(client, '198.18.1.1/24', router, '198.18.1.254/24', 'left')
  connectNamespaces(router, '198.18.2.254/24', far, '198.18.2.2/24', 'right')
  client.run('ip', 'route', 'add', 'default', 'via', '198.18.1.254')
  far.run('ip', 'route', 'add', 'default', 'via', '198.18.2.254')
  router.run('sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
  return {
    client,
    router,
    far,
    [Symbol.dispose]() {
      for (const namespace of [client, router, far]) namespace[Symbol.dispose]()
    }
  }
}
