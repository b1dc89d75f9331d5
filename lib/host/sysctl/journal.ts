/** A record of changed sysctls, written to disk before the change: the journal of the doctor, and that of labs. */
import { getSystemErrorMap } from 'node:util'
import { C1mError } from '../../base/errors.js'
import { quote } from '../../base/quote.js'
import { reasonOf } from '../proc_reader.js'
import type { ProcessIdentity } from '../process_identity.js'
import { readWhole, removeWhole, writeWhole } from './durable_file.js'
import { difference, type Identity, readIdentity } from './identity.js'
import type { JournalPlace } from './journal_place.js'
import { evenOut, isSysctlValue, isWritten } from './values.js'

const JOURNAL_SCHEMA = 'c1m-native/sysctl-journal@1'

/** A sysctl that was changed, or was about to be changed when the power failed. */
export interface Change {
  name: string
  /** The value to restore. */
  before: string
  /** Values that we set, the latest last: several when a larger goal followed. Empty: any present value counts as ours. */
  ours: string[]
  /** Whether the latest value was about to be set. The kernel may have rounded it up, and that value is ours as well. */
  unsettled?: boolean
}

export interface Journal {
  schema: typeof JOURNAL_SCHEMA
  /** Null if unknown, as in the journal of a lab of version 0.1.0. */
  host: Identity | null
  /** When it was last written, ISO 8601 in UTC. */
  at: string
  /** The process that owns the changes while it runs; null if they stay until they are reverted. */
  owner: ProcessIdentity | null
  /** Empty once everything is restored. */
  changes: Change[]
}

/**
 * The journal; null if there is none. A journal without changes is accepted from any host.
 * @throws C1mError C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN
 */
export function readJournal(place: JournalPlace): Journal | null {
  const journal = readAnyJournal(place)
  if (journal !== null) refuseForeign(journal, place)
  return journal
}

/** The same, from any host. @throws C1mError C1M_JOURNAL_INVALID */
export function readAnyJournal(place: JournalPlace): Journal | null {
  let text: string | null
  try {
    text = readWhole(place.path)
  } catch (cause) {
    throw new C1mError(
      'C1M_JOURNAL_INVALID',
      `cannot read the journal ${quote(place.path)}: ${explain(cause)}; nothing was changed`,
      {
        hint: ['EACCES', 'EPERM'].includes(reasonOf(cause))
          ? 'Run as root.'
          : `Remove what is in its place: rm -r ${quote(place.path)}.`,
        cause
      }
    )
  }
  return text === null ? null : parse(text, place)
}

/** How the host of a journal differs from this one, in words; null if it is this one. */
export function strangerOf(journal: Journal, place: JournalPlace): string | null {
  return journal.host && difference(readIdentity(place), journal.host)
}

/** @throws C1mError C1M_JOURNAL_FOREIGN */
export function refuseForeign(journal: Journal, place: JournalPlace): void {
  const stranger = strangerOf(journal, place)
  if (journal.changes.length === 0 || stranger === null) return
  throw new C1mError(
    'C1M_JOURNAL_FOREIGN',
    `the journal ${quote(place.path)} is of ${stranger}; nothing was changed`,
    {
      hint: stranger.startsWith('an earlier boot')
        ? `Remove it: rm ${quote(place.path)}.`
        : place.hints.foreign
    }
  )
}

/**
 * Replaces the journal, whole or not at all, even after a power failure. No sysctl may be changed before this returns.
 * @throws C1mError C1M_JOURNAL_FAILED
 */
export function saveJournal(
  changes: readonly Change[],
  place: JournalPlace,
  owner: ProcessIdentity | null = null
): void {
  const journal = {
    schema: JOURNAL_SCHEMA,
    host: readIdentity(place),
    at: new Date().toISOString(),
    ...(owner && { owner }),
    changes
  }
  try {
    writeWhole(place.path, `${JSON.stringify(journal, null, 2)}\n`, place.modes)
  } catch (cause) {
    throw writeFailure(place, cause)
  }
}

/** @throws C1mError C1M_JOURNAL_FAILED */
export function removeJournal(place: JournalPlace): void {
  try {
    removeWhole(place.path)
  } catch (cause) {
    throw writeFailure(place, cause)
  }
}

/** The error for a journal that cannot be written. */
export function writeFailure({ path, hints }: JournalPlace, cause: unknown): C1mError {
  return new C1mError(
    'C1M_JOURNAL_FAILED',
    `cannot write the journal ${quote(path)}: ${explain(cause)}; nothing was changed`,
    { hint: hints.unwritable, cause }
  )
}

function parse(text: string, place: JournalPlace): Journal {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid(place, 'is half written or no JSON', cause)
  }
  const journal = place.hasOwner ? modern(value) : (value as Partial<Journal> | null)
  const wrong = flaw(journal, place)
  if (wrong !== null) throw invalid(place, wrong)
  return { owner: null, ...(journal as Omit<Journal, 'owner'>) }
}

/** A lab journal of version 0.1.0 in the present format. */
function modern(value: unknown): Partial<Journal> | null {
  const { pid, startTicks, before, schema } = (value ?? {}) as Record<string, unknown>
  if (schema !== undefined || typeof before !== 'object' || before === null) return value as Partial<Journal>
  const changes = Object.entries(before).map(([name, was]) => ({
    name,
    before: typeof was === 'string' ? evenOut(was) : was,
    ours: []
  }))
  const owner = { pid, startTicks } as ProcessIdentity
  return { schema: JOURNAL_SCHEMA, host: null, at: '', owner, changes: changes as Change[] }
}

/** What is wrong with a journal. Root writes to the sysctls it names, so only names that we write ourselves are allowed. */
function flaw(journal: Partial<Journal> | null, { hasOwner }: JournalPlace): string | null {
  if (journal?.schema !== JOURNAL_SCHEMA) return `is no ${JOURNAL_SCHEMA}`
  if (!isIdentity(journal.host, hasOwner)) return 'does not say which host it is of'
  if (hasOwner && !isProcess(journal.owner)) return 'does not say which process it is of'
  if (!Array.isArray(journal.changes)) return 'has no changes'
  const wrong = journal.changes.find((change) => !isChange(change))
  return wrong === undefined
    ? null
    : `has a change that makes no sense: ${JSON.stringify(wrong).slice(0, 100)}`
}

function isIdentity(host: Partial<Identity> | null | undefined, mayBeUnknown: boolean): boolean {
  if (host === null) return mayBeUnknown
  const parts = [host?.machineId, host?.bootId, host?.netNamespace]
  return parts.every((part) => part === null || typeof part === 'string')
}

function isProcess(owner: Partial<ProcessIdentity> | null | undefined): boolean {
  return [owner?.pid, owner?.startTicks].every((part) => Number.isSafeInteger(part) && Number(part) >= 0)
}

function isChange(change: Partial<Change> | null): boolean {
  const { name, before, ours, unsettled = false } = change ?? {}
  return (
    typeof name === 'string' &&
    isWritten(name) &&
    isSysctlValue(before) &&
    Array.isArray(ours) &&
    ours.every(isSysctlValue) &&
    typeof unsettled === 'boolean'
  )
}

function invalid({ path }: JournalPlace, problem: string, cause?: unknown): C1mError {
  return new C1mError('C1M_JOURNAL_INVALID', `the journal ${quote(path)} ${problem}; nothing was changed`, {
    hint: `Put back by hand what it tells of, then remove it: rm ${quote(path)}.`,
    cause
  })
}

function explain(cause: unknown): string {
  const { errno = 0, message } = cause as NodeJS.ErrnoException
  return getSystemErrorMap().get(errno)?.[1] ?? message
}
