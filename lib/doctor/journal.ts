/** What the doctor has changed, on disk before it is changed. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { getSystemErrorMap } from 'node:util'
import { C1mError } from '../errors.js'
import { reasonOf } from '../host/proc_reader.js'
import { difference, type Identity, readIdentity } from './identity.js'
import { isKnob } from './knobs.js'
import { journalName, type Places } from './places.js'

const JOURNAL_SCHEMA = 'c1m-native/sysctl-journal@1'

/** A sysctl that was changed, or was about to be when the power went. */
export interface Change {
  name: string
  /** The value to put back. */
  before: string
  /** Values that are ours, the latest last: more than one when a larger goal followed. */
  ours: string[]
}

export interface Journal {
  schema: typeof JOURNAL_SCHEMA
  host: Identity
  /** When it was last written, ISO 8601 in UTC. */
  at: string
  /** Empty when all has been put back. */
  changes: Change[]
}

export function journalPath({ stateFolder }: Places): string {
  return join(stateFolder, journalName)
}

/**
 * The journal, or null when there is none. One without changes is nobody's concern, whatever host it is of.
 * @throws C1mError C1M_JOURNAL_INVALID, C1M_JOURNAL_FOREIGN
 */
export function readJournal(places: Places): Journal | null {
  const path = journalPath(places)
  const text = readText(path)
  if (text === null) return null
  const journal = parse(text, path)
  const stranger = difference(readIdentity(places), journal.host)
  if (journal.changes.length === 0 || stranger === null) return journal
  throw new C1mError('C1M_JOURNAL_FOREIGN', `the journal '${path}' is of ${stranger}; nothing was changed`, {
    hint: stranger.startsWith('an earlier boot')
      ? `Remove it: rm '${path}'.`
      : 'Revert it where it was written, or name another place with XDG_STATE_HOME.'
  })
}

/**
 * Writes the journal: whole, or the old one stays, also when the power goes. Nothing may be changed before it returns.
 * @throws C1mError C1M_JOURNAL_FAILED
 */
export function saveJournal(changes: readonly Change[], places: Places): void {
  const path = journalPath(places)
  const temporary = `${path}.${process.pid}.tmp`
  const journal: Journal = {
    schema: JOURNAL_SCHEMA,
    host: readIdentity(places),
    at: new Date().toISOString(),
    changes: [...changes]
  }
  try {
    mkdirSync(places.stateFolder, { recursive: true, mode: 0o700 })
    synced(temporary, 'w', (descriptor) => writeFileSync(descriptor, `${JSON.stringify(journal, null, 2)}\n`))
    renameSync(temporary, path)
    // The name is only as durable as its folder.
    synced(places.stateFolder, 'r', () => {})
  } catch (cause) {
    discard(temporary)
    throw writeFailure(places, cause)
  }
}

/** The error of a place that cannot be written to. */
export function writeFailure(places: Places, cause: unknown): C1mError {
  return new C1mError(
    'C1M_JOURNAL_FAILED',
    `cannot write the journal '${journalPath(places)}': ${explain(cause)}; nothing was changed`,
    { hint: 'Be root, or name a place you may write to with XDG_STATE_HOME.', cause }
  )
}

function discard(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // It was never made: a part of its path is no folder.
  }
}

function synced(path: string, flags: string, action: (descriptor: number) => void): void {
  const descriptor = openSync(path, flags, 0o600)
  try {
    action(descriptor)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(reasonOf(cause))) return null
    throw new C1mError(
      'C1M_JOURNAL_INVALID',
      `cannot read the journal '${path}': ${explain(cause)}; nothing was changed`,
      { hint: 'Be who wrote it: root.', cause }
    )
  }
}

function parse(text: string, path: string): Journal {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw invalid(path, 'is half written or no JSON', cause)
  }
  const wrong = flaw(value as Partial<Journal> | null)
  if (wrong !== null) throw invalid(path, wrong)
  return value as Journal
}

/** What is wrong with it. Its names are written to as root, so they have to be ones we write ourselves. */
function flaw(journal: Partial<Journal> | null): string | null {
  if (journal?.schema !== JOURNAL_SCHEMA) return `is no ${JOURNAL_SCHEMA}`
  if (!isIdentity(journal.host)) return 'does not say which host it is of'
  if (!Array.isArray(journal.changes)) return 'has no changes'
  const wrong = journal.changes.find((change) => !isChange(change))
  return wrong === undefined
    ? null
    : `has a change that makes no sense: ${JSON.stringify(wrong).slice(0, 100)}`
}

function isIdentity(host: Partial<Identity> | undefined): boolean {
  const parts = [host?.machineId, host?.bootId, host?.netNamespace]
  return parts.every((part) => part === null || typeof part === 'string')
}

function isChange(change: Partial<Change> | null): boolean {
  const { name, before, ours } = change ?? {}
  return (
    typeof name === 'string' && isKnob(name) && isValue(before) && Array.isArray(ours) && ours.every(isValue)
  )
}

const isValue = (value: unknown) => typeof value === 'string' && /^[\d ]+$/.test(value)

function invalid(path: string, problem: string, cause?: unknown): C1mError {
  return new C1mError('C1M_JOURNAL_INVALID', `the journal '${path}' ${problem}; nothing was changed`, {
    hint: 'Put back by hand what it tells of, then remove it.',
    cause
  })
}

function explain(cause: unknown): string {
  const { errno = 0, message } = cause as NodeJS.ErrnoException
  return getSystemErrorMap().get(errno)?.[1] ?? message
}
