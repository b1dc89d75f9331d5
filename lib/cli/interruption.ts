/** SIGINT, SIGTERM and SIGHUP: the first asks the command to stop, close and report, the next one ends the process. */
import { fstatSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { exitCodes } from '../base/errors.js'
import type { CommandContext } from './command.js'

/** npm and npx forward the SIGINT a terminal has already sent to all: the same signal so soon is the same key press. */
const echoMs = 250

/** How soon after the start it is found out whether SIGHUP is to be ignored, in milliseconds. */
const askParentMs = 100

/** Takes over the signals that end a process. */
export function takeSignals(): CommandContext {
  const controller = new AbortController()
  let hasToClose = false
  let first: { readonly name: string; readonly atMs: number } | undefined
  const onSignal = (name: string) => {
    const atMs = performance.now()
    const isEcho = first?.name === name && atMs - first.atMs <= echoMs
    if (isEcho) return
    if (first || !hasToClose) process.exit(exitCodes.interrupted)
    first = { name, atMs }
    controller.abort()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  // Sent when the terminal is closed. The first connection does not wait for the answer; later the parent may have gone.
  let ignoresHangups: boolean | undefined
  const doesIgnore = () => {
    ignoresHangups ??= startedToIgnoreHangups()
    return ignoresHangups
  }
  setTimeout(doesIgnore, askParentMs).unref()
  process.on('SIGHUP', (name) => doesIgnore() || onSignal(name))
  return {
    get interrupted() {
      hasToClose = true
      return controller.signal
    },
    allClosed: () => {
      hasToClose = false
    }
  }
}

/**
 * Whether this process was started to outlive its terminal: by nohup(1), or by a shell that ignores SIGHUP. An ignored
 * signal stays ignored across execve(2), but Node sets each back to its default before any JavaScript runs
 * (ResetSignalHandlers in src/node.cc), so what is left to go by is what surrounds the process: the name of the command
 * as the shell exported it, the standard input that nohup replaces by one that can't be read, or the parent's own mask.
 */
export function startedToIgnoreHangups(): boolean {
  return basename(process.env._ ?? '') === 'nohup' || hasInputOfNohup() || parentIgnoresHangups()
}

/** nohup opens /dev/null for writing only where standard input would be a terminal. */
function hasInputOfNohup(): boolean {
  try {
    // Of what procfs lists as the flags of open(2), the lowest two bits are the access mode, in octal; 1 is O_WRONLY.
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/0', 'latin1'))?.[1]
    const isWriteOnly = (Number.parseInt(flags ?? '0', 8) & 3) === 1
    return isWriteOnly && fstatSync(0).isCharacterDevice() && readlinkSync('/proc/self/fd/0') === '/dev/null'
  } catch {
    return false
  }
}

function parentIgnoresHangups(): boolean {
  try {
    const status = readFileSync(`/proc/${process.ppid}/status`, 'latin1')
    // proc_pid_status(5): a mask in hexadecimal, in which SIGHUP, number 1, is the lowest bit.
    const mask = /^SigIgn:\s+([\da-f]+)$/m.exec(status)?.[1]
    return mask !== undefined && (BigInt(`0x${mask}`) & 1n) === 1n
  } catch {
    return false
  }
}
