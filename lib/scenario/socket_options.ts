/** Socket options that a caller chooses for every connection: what each may be, and how it is set. */
import type { Check } from '../base/check_option.js'
import type { OptionChecks } from '../base/check_options.js'
import type { NativeSocketOption } from '../engine/native.js'

/** Options of every socket, as setsockopt(2) sets them; in a self-dial at both ends. What is left out stays the kernel's. */
export type SocketOptions = Record<never, never>

/** What an option may be, and the calls that set it. */
interface Rule<T> {
  check: Check<T>
  set(value: T): NativeSocketOption[]
}

type Rules = { readonly [K in keyof SocketOptions]-?: Rule<Exclude<SocketOptions[K], undefined>> }

const rules: Rules = {}

const entries = Object.entries(rules) as [keyof SocketOptions, Rule<unknown>][]

/** What each of them may be. */
export const socketChecks = Object.fromEntries(
  entries.map(([name, { check }]) => [name, check])
) as OptionChecks<SocketOptions>

/** Those of the options that were given. */
export function chosenSocketOptions(options: SocketOptions): SocketOptions {
  return Object.fromEntries(entries.flatMap(([name]) => (name in options ? [[name, options[name]]] : [])))
}

/** The calls that set them. */
export function nativeSocketOptions(chosen: SocketOptions): NativeSocketOption[] {
  return entries.flatMap(([name, { set }]) => (chosen[name] === undefined ? [] : set(chosen[name])))
}
