/** Socket options that a caller chooses for every connection: what each may be, and how it is set. */
import type { Check } from '../base/check_option.js'
import type { OptionChecks } from '../base/check_options.js'
import type { NativeSocketOption } from '../engine/native.js'

/** Options of every socket, as setsockopt(2) sets them; in a self-dial at both ends. null leaves one to the kernel. */
export type ChosenSocketOptions = Record<never, never>

/** The same as a caller gives them; what is left out is left to the kernel. */
export type SocketOptions = { [K in keyof ChosenSocketOptions]?: NonNullable<ChosenSocketOptions[K]> }

/** What an option may be, and the calls that set it. */
interface Rule<T> {
  check: Check<T>
  set(value: T): NativeSocketOption[]
}

type Rules = { readonly [K in keyof ChosenSocketOptions]: Rule<NonNullable<ChosenSocketOptions[K]>> }

const rules: Rules = {}

const entries = Object.entries(rules) as [keyof SocketOptions, Rule<unknown>][]

/** What each of them may be. */
export const socketChecks = Object.fromEntries(
  entries.map(([name, { check }]) => [name, check])
) as OptionChecks<SocketOptions>

/** The socket options among `options`. */
export function chosenSocketOptions(options: SocketOptions): ChosenSocketOptions {
  return Object.fromEntries(
    entries.map(([name]) => [name, options[name] ?? null])
  ) as unknown as ChosenSocketOptions
}

/** The calls that set them. */
export function nativeSocketOptions(chosen: ChosenSocketOptions): NativeSocketOption[] {
  return entries.flatMap(([name, { set }]) => (chosen[name] === null ? [] : set(chosen[name])))
}
