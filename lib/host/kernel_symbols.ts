import { readProcText } from './proc_reader.js'

/** Names of kernel functions by address. */
export class KernelSymbols {
  readonly #addresses: Float64Array
  readonly #names: string[]

  /**
   * @param text `/proc/kallsyms`: an address, a type and a name per line. Without CAP_SYSLOG, or with
   * `kernel.kptr_restrict`, every address is 0 and no name can be found.
   */
  constructor(text: string) {
    const symbols: { address: number; name: string }[] = []
    // t and T are functions, w and W weak ones. Kernel addresses begin with ffff; the remaining digits fit in a double.
    for (const [, address = '', name = ''] of text.matchAll(/^ffff([0-9a-f]{12}) [tTwW] (\S+)/gm))
      symbols.push({ address: Number.parseInt(address, 16), name })
    symbols.sort((a, b) => a.address - b.address)
    this.#addresses = Float64Array.from(symbols, ({ address }) => address)
    this.#names = symbols.map(({ name }) => name)
  }

  /** Reads the symbols of the running kernel, which takes about a tenth of a second. */
  static read(): KernelSymbols {
    try {
      return new KernelSymbols(readProcText('/proc/kallsyms'))
    } catch {
      return new KernelSymbols('')
    }
  }

  /** The function that contains a return address; the address in hexadecimal if it is unknown. */
  nameOf(address: number): string {
    let low = 0
    let high = this.#addresses.length
    while (low < high) {
      const middle = (low + high) >>> 1
      // After a call that never returns comes the next function, so the byte before the address decides.
      if ((this.#addresses[middle] ?? 0) <= address - 1) low = middle + 1
      else high = middle
    }
    return this.#names[low - 1] ?? `0xffff${address.toString(16).padStart(12, '0')}`
  }
}
