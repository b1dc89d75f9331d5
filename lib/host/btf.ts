/** Reads BTF, the kernel's description of its types (Documentation/bpf/btf.rst), to find offsets of structure members. */

const magic = 0xeb9f

/** BTF_KIND_* that have members or are an alias of another type. */
const kinds = { struct: 4, union: 5, typedef: 8, volatile: 9, const: 10, restrict: 11, typeTag: 18 } as const
const aliases: readonly number[] = [kinds.typedef, kinds.volatile, kinds.const, kinds.restrict, kinds.typeTag]

/** Bytes that follow a type of each kind: for each of its `vlen` elements, or once. */
const extraBytes: Record<number, { each?: number; once?: number }> = {
  1: { once: 4 },
  3: { once: 12 },
  4: { each: 12 },
  5: { each: 12 },
  6: { each: 8 },
  13: { each: 8 },
  14: { once: 4 },
  15: { each: 12 },
  17: { once: 4 },
  19: { each: 12 }
}
const lastKind = 19

/** The types of one kernel. */
export class Btf {
  readonly #data: DataView
  readonly #text: Buffer
  readonly #strings: number
  /** Offset at which each type begins, by its id. */
  readonly #types: number[] = [0]

  /** @throws Error if the data is not BTF that this reader understands */
  constructor(data: Buffer) {
    this.#data = new DataView(data.buffer, data.byteOffset, data.byteLength)
    this.#text = data
    if (this.#u16(0) !== magic) throw new Error('no BTF of this machine')
    const header = this.#u32(4)
    const first = header + this.#u32(8)
    const end = first + this.#u32(12)
    this.#strings = header + this.#u32(16)
    for (let at = first; at < end; ) {
      const { kind, length } = this.#info(at)
      if (kind > lastKind) throw new Error(`BTF has types of an unknown kind ${kind}`)
      const { each = 0, once = 0 } = extraBytes[kind] ?? {}
      this.#types.push(at)
      at += 12 + once + each * length
    }
  }

  /**
   * Offset of a member in a structure, in bytes; null if the structure has no member of this name. Members of anonymous
   * structures and unions count as its own; `a.b` is the member b of its member a.
   */
  offsetOf(structure: string, path: string): number | null {
    const at = this.#types.find((type) => type > 0 && this.#isStruct(type) && this.#isNamed(type, structure))
    if (at === undefined) return null
    let type = at
    let offset = 0
    for (const name of path.split('.')) {
      const member = this.#member(type, name)
      if (member === null) return null
      offset += member.offset
      type = member.type
    }
    return offset
  }

  #member(at: number, name: string): { offset: number; type: number } | null {
    const { length, flag } = this.#info(at)
    for (let i = 0; i < length; i++) {
      const member = at + 12 + 12 * i
      const bits = flag ? this.#u32(member + 8) & 0xff_ffff : this.#u32(member + 8)
      const type = this.#resolved(this.#u32(member + 4))
      if (this.#u32(member) !== 0) {
        if (this.#isNamed(member, name)) return { offset: bits / 8, type }
      } else if (this.#hasMembers(type)) {
        const inner = this.#member(type, name)
        if (inner) return { offset: bits / 8 + inner.offset, type: inner.type }
      }
    }
    return null
  }

  /** The type behind typedefs and qualifiers. */
  #resolved(id: number): number {
    let at = this.#types[id] ?? 0
    while (at > 0 && aliases.includes(this.#info(at).kind)) at = this.#types[this.#u32(at + 8)] ?? 0
    return at
  }

  #isStruct(at: number): boolean {
    return this.#info(at).kind === kinds.struct
  }

  #hasMembers(at: number): boolean {
    if (at === 0) return false
    const { kind } = this.#info(at)
    return kind === kinds.struct || kind === kinds.union
  }

  /** Whether the type or member at `at` has this name. */
  #isNamed(at: number, name: string): boolean {
    const from = this.#strings + this.#u32(at)
    return (
      this.#text[from + name.length] === 0 && this.#text.toString('latin1', from, from + name.length) === name
    )
  }

  #info(at: number): { kind: number; length: number; flag: boolean } {
    const info = this.#u32(at + 4)
    return { kind: (info >>> 24) & 31, length: info & 0xffff, flag: info >>> 31 === 1 }
  }

  #u16(at: number): number {
    return this.#data.getUint16(at, littleEndian)
  }

  #u32(at: number): number {
    return this.#data.getUint32(at, littleEndian)
  }
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
