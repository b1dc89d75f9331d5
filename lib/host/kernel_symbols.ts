import { readProcText } from './proc_reader.js'

/** Names of kernel functions by address. */
export class KernelSymbols {
  readonly #addresses: Float64Array
  readonly #names: string[]

  /**
   * @param text `/proc/kallsyms`: an address, a type and a name a line. Without CAP_SYSLOG, or under
   * `kernel.kptr_restrict`, every address is 0, and no name is found.
   */
  constructor(text: string) {
    const symbols: { address: number; name: string }[] = []
    // t and T are functions, w and W weak ones. Addresses of the kernel begin with ffff: the rest fits into a double.
    for (const [, address = '', name = ''] of text.matchAll(/^ffff([0-9a-f]{12}) [tTwW] (\S+)/gm))
      symbols.push({ address: Number.parseInt(address, 16), name })
    symbols.sort((a, b) => a.address - b.address)
    this.#addresses = Float64Array.from(symbols, ({ address }) => address)
    this.#names = symbols.map(({ name }) => name)
  }

  /** Reads those of the running kernel, which takes about a tenth of a second. */
  static read(): KernelSymbols {
    try {
      return new KernelSymbols(readProcText('/proc/kallsyms'))
    } catch {
      return new KernelSymbols('')
    }
  }

  /** The function a return address lies in; the address in hexadecimal when it is not known. */
  nameOf(address: number): string {
    let low = 0
    let high = this.#addresses.length
    while (low < high) {
      const middle = (low + high) >>> 1
      // A call that never returns is followed by the next function: the byte before decides.
      if ((this.#addresses[middle] ?? 0) <= address - 1) low = middle + 1
      else high = middle
    }
    return this.#names[low - 1] ?? `0xffff${address.toString(16).padStart(12, '0')}`
  }
}
