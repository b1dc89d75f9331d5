/** The packets of an incident, written by tcpdump(8). */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { C1mError } from '../../base/errors.js'
import { quote } from '../../base/quote.js'
import { environment, inside } from './command.js'

/** Bytes of a packet kept: all headers, with the longest TCP options. */
const snapBytes = 160

export class Capture {
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>

  private constructor(process: ChildProcess) {
    this.#process = process
    this.#ended = once(process, 'close')
  }

  /**
   * Captures TCP on all devices of a namespace into `file`, from now on.
   * @throws C1mError C1M_LAB_FAILED when tcpdump does not start
   */
  static async start(namespace: string, file: string): Promise<Capture> {
    // -Z root: it would become the user tcpdump, who may not write where the caller may.
    const argv = ['tcpdump', '-i', 'any', '-n', '-U', '-s', `${snapBytes}`, '-Z', 'root', '-w', file, 'tcp']
    const [program = '', ...args] = inside(namespace, argv)
    const capture = new Capture(
      spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: environment() })
    )
    let complaint = ''
    for await (const line of createInterface({ input: capture.#process.stderr as NodeJS.ReadableStream })) {
      if (line.includes('listening on')) return capture
      complaint = line
    }
    throw new C1mError('C1M_LAB_FAILED', `tcpdump does not write to ${quote(file)}: ${complaint}`, {
      hint: 'Choose another place.'
    })
  }

  /** Resolves when the file is complete. */
  async stop(): Promise<void> {
    this.#process.kill('SIGINT')
    await this.#ended
  }
}
