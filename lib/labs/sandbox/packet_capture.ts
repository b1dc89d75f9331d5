/** Packets of a namespace, written to a file by tcpdump(8). */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { C1mError } from '../../base/errors.js'
import { quote } from '../../base/quote.js'
import { environment, inside } from './external_command.js'

/** Bytes kept of each packet: all headers, with the longest TCP options. */
const snapBytes = 160

export class PacketCapture {
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>

  private constructor(process: ChildProcess) {
    this.#process = process
    this.#ended = once(process, 'close')
  }

  /**
   * Writes TCP packets of all devices of a namespace to `file`; resolves once tcpdump captures.
   * @throws C1mError C1M_LAB_FAILED when tcpdump does not start
   */
  static async start(namespace: string, file: string): Promise<PacketCapture> {
    // -Z root: otherwise tcpdump changes to the user tcpdump, who may lack permission to write the file.
    const argv = ['tcpdump', '-i', 'any', '-n', '-U', '-s', `${snapBytes}`, '-Z', 'root', '-w', file, 'tcp']
    const [program = '', ...args] = inside(namespace, argv)
    const capture = new PacketCapture(
      spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: environment() })
    )
    let lastLine = ''
    for await (const line of createInterface({ input: capture.#process.stderr as NodeJS.ReadableStream })) {
      if (line.includes('listening on')) return capture
      lastLine = line
    }
    throw new C1mError('C1M_LAB_FAILED', `tcpdump cannot write to ${quote(file)}: ${lastLine}`, {
      hint: 'Choose another file.'
    })
  }

  /** Resolves when the file is complete. */
  async stop(): Promise<void> {
    this.#process.kill('SIGINT')
    await this.#ended
  }
}
