/** Where a lab runs: its networks and what it changed on the host, all of which it removes or restores at the end. */
import { exitCodes } from '../../base/errors.js'
import { Network, type SandboxOptions } from './lab_network.js'

/** Belongs to one lab; disposing of it leaves nothing behind. */
export class Sandbox implements AsyncDisposable {
  readonly #options: SandboxOptions
  readonly #networks: Network[] = []
  /** The process exits, or must: cleans up without waiting for anything. */
  readonly #onExit = () => this.#cleanUp()
  /** The terminal is gone. By default SIGHUP would end the process at once, before it cleans up. */
  readonly #onHangup = () => process.exit(exitCodes.interrupted)

  constructor(options: SandboxOptions) {
    this.#options = options
    process.once('exit', this.#onExit).once('SIGHUP', this.#onHangup)
    options.signal.addEventListener('abort', this.#onExit)
  }

  /** A new network, still empty. A lab may have several at a time. */
  network(): Network {
    const network = new Network(this.#options, `${this.#networks.length}`)
    this.#networks.push(network)
    return network
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#networks.map((network) => network.clear()))
    this.#cleanUp()
    process.off('exit', this.#onExit).off('SIGHUP', this.#onHangup)
    this.#options.signal.removeEventListener('abort', this.#onExit)
  }

  #cleanUp(): void {
    try {
      for (const name of this.#options.host.restore().gone)
        this.#options.progress(`${name} is gone with its module, and was not restored`)
    } finally {
      for (const network of this.#networks) network.remove()
    }
  }
}
