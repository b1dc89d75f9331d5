/**
 * Runs cases in a process of its own, which may end with it: `child LIBRARY PROGRAM BIN FIRST COUNT`. Each is told of on
 * stdout before it begins and after it has ended.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import { errorCatalogue, exitCodes } from '../../lib/base/errors.js'
import { describeFailure } from '../../lib/cli/failure.js'
import type { runProgram } from '../../lib/cli/program.js'
import type * as Library from '../../lib/index.js'
import { commandLine, files, specs } from './command_lines.js'
import { libraryCall } from './library_calls.js'
import { Random } from './random.js'
import { oddFacts } from './values.js'

/** The report on a case. */
export interface Told {
  seed: number
  /** The case, for a person. */
  begins?: string
  /** What was wrong with it; empty when it passed. */
  problem?: string
}

const [libraryUrl = '', programUrl = '', bin = '', first = '', count = ''] = process.argv.slice(2)
const library = (await import(libraryUrl)) as typeof Library
const program = ((await import(programUrl)) as { default: { runProgram: typeof runProgram } }).default

/** An interval during each case, so that a promise that never settles does not end the process. */
setInterval(() => {}, 1000)

const folder = mkdtempSync(join(process.env.C1M_FUZZ_FOLDER ?? tmpdir(), 'cases-'))
process.chdir(folder)
// Every journal is in this folder.
process.env.XDG_STATE_HOME = join(folder, 'state')
mkdirSync(files.folder)
mkdirSync('empty')
const hostFacts = (await library.plan()).facts.client
writeFileSync(files.facts, JSON.stringify(hostFacts))
writeFileSync(files.deep, `${'['.repeat(9000)}${']'.repeat(9000)}`)
writeFileSync(files.broken, '{"tcp":\u001b[2J\n')

let printed = ''
for (const stream of [process.stdout, process.stderr]) {
  stream.setMaxListeners(0)
  stream.write = ((data: string, done?: unknown) => {
    if (stream === process.stderr) printed += data
    if (typeof done === 'function') done()
    return true
  }) as typeof stream.write
}

/** Errors outside of the case that nothing awaited. */
let astray: unknown[] = []
process.on('uncaughtException', (error) => astray.push(error))
process.on('unhandledRejection', (error) => astray.push(error))

async function runAll(): Promise<void> {
  for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
    const random = new Random(seed)
    astray = []
    printed = ''
    const problem = random.chance(0.5) ? await aLibraryCall(seed, random) : await aCommandLine(seed, random)
    await turn()
    tell({ seed, problem: problem || (astray.length > 0 ? `beside it: ${inspect(astray)}` : '') })
  }
}

try {
  await runAll()
  process.exit(0)
} catch (error) {
  writeSync(2, `a mistake in the fuzz itself: ${inspect(error)}\n`)
  process.exit(1)
}

function tell(told: Told): void {
  writeSync(1, `${JSON.stringify(told)}\n`)
}

async function aLibraryCall(seed: number, random: Random): Promise<string> {
  const { name, options, run } = libraryCall(random, library, {
    root: join(folder, 'empty'),
    facts: hostFacts
  })
  tell({ seed, begins: `${name}(${shown(options)})` })
  try {
    await run()
    return ''
  } catch (error) {
    return flawOf(error)
  }
}

/** What is wrong with an error of the library. */
function flawOf(error: unknown): string {
  if (isAbort(error)) return ''
  if (!(error instanceof library.C1mError)) return `threw no C1mError but ${shown(error)}`
  const { code, message, hint = '' } = error
  if (!Object.hasOwn(errorCatalogue, code)) return `has the unknown code ${code}`
  if (/[\p{Cc}\p{Cf}]/u.test(message + hint))
    return `has control characters: ${JSON.stringify(message + hint)}`
  if (message.length > 2000 || hint.length > 2000) return `is ${message.length + hint.length} characters long`
  // A command that can be typed as it stands is a remedy; an option alone is not the library's.
  const words = `${message} ${hint}`.replace(/'[^']*'|"[^"]*"/g, '').replace(/c1m-native [^.]*/g, '')
  if (/--[a-z]/.test(words)) return `speaks of the command line: ${message}. ${hint}`
  if (/undefined|\[object|NaN (?!and)/.test(words) && !/ is (undefined|NaN)/.test(words))
    return `is badly written: ${message}. ${hint}`
  return ''
}

/** The reason of the caller's signal. */
function isAbort(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'AbortError' || error.name === 'TimeoutError')
}

async function aCommandLine(seed: number, random: Random): Promise<string> {
  const argv = commandLine(random)
  writeFileSync(files.odd, JSON.stringify(oddFacts(hostFacts, random)))
  const isSpawned = random.chance(0.05)
  const afterMs = random.pick([0, 1, 10, 50, 200])
  tell({
    seed,
    begins: `${isSpawned ? 'in a process: ' : ''}c1m-native ${argv.map((word) => JSON.stringify(word)).join(' ')}`
  })
  // Node takes no NUL in an argument, nor does the kernel.
  const passable = argv.every((word) => !word.includes('\0'))
  const { code, stderr } = isSpawned && passable ? await inProcess(argv, afterMs) : await here(argv, afterMs)
  const command = argv[0] ?? ''
  const spec = Object.hasOwn(specs, command) ? specs[command] : undefined
  const documented = spec?.exitCodes.map(({ code }) => code) ?? [0, 2]
  const isHelp = code === 0 && argv.some((word) => word === '--help' || word === '-h')
  if (code === 1 || /internal error/.test(stderr)) return `ended with ${code}: ${stderr}`
  if (!isHelp && !documented.includes(code)) return `ended with ${code}, which is not documented: ${stderr}`
  const complaint = stderr.split('\n').filter((line) => line.startsWith('c1m-native: '))
  if ([2, 4].includes(code) && argv[0] !== 'dial' && complaint.length === 0)
    return `ended with ${code} without a word`
  if (/[^\P{Cc}\n]|\p{Cf}/u.test(stderr)) return `printed control characters: ${JSON.stringify(stderr)}`
  if (complaint.some((line) => line.length > 5000)) return `printed a line of ${stderr.length} characters`
  return ''
}

interface CommandEnd {
  code: number
  stderr: string
}

async function here(argv: readonly string[], afterMs: number): Promise<CommandEnd> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), afterMs)
  try {
    const code = await program.runProgram(argv, { interrupted: controller.signal, allClosed: () => {} })
    return { code, stderr: printed }
  } catch (error) {
    const { text, exitCode } = describeFailure(error, false)
    // For a bug the stack is worth more than the message.
    const stack = exitCode === 1 && error instanceof Error ? error.stack : ''
    return { code: exitCode, stderr: `${printed}${text}${stack}` }
  } finally {
    clearTimeout(timer)
  }
}

async function inProcess(argv: readonly string[], afterMs: number): Promise<CommandEnd> {
  const child = spawn(process.execPath, [bin, ...argv], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = Promise.all([text(child.stderr), once(child, 'close')])
  while (child.exitCode === null && !takesSignals(child.pid)) await pause(5)
  const timer = setTimeout(() => child.kill('SIGINT'), afterMs)
  const [stderr, [code, signal]] = await ended
  clearTimeout(timer)
  // Any command may end so once it is interrupted. By the signal, too: Node gives its handlers up a few milliseconds before
  // it ends the process, when all is said.
  if (code === exitCodes.interrupted || signal === 'SIGINT') return { code: 0, stderr }
  return { code: code ?? -1, stderr: signal === null ? stderr : `${signal}: ${stderr}` }
}

/**
 * Whether the command has taken over the signals: SIGHUP comes last, and Node itself handles the others from its start.
 * Number 1 is the lowest bit of the mask in proc_pid_status(5).
 */
function takesSignals(pid: number | undefined): boolean {
  try {
    const mask = /^SigCgt:\s+([\da-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return mask !== undefined && (BigInt(`0x${mask}`) & 1n) === 1n
  } catch {
    return false
  }
}

function shown(value: unknown): string {
  try {
    const text = inspect(value, { depth: 3, maxStringLength: 300, maxArrayLength: 10, getters: false })
    return value instanceof Error ? `${text}` : text
  } catch (error) {
    return `(cannot be shown: ${String(error)})`
  }
}
