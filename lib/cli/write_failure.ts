import { getSystemErrorMap } from 'node:util'
import { C1mError } from '../base/errors.js'
import { quote } from '../base/quote.js'

/**
 * The error of a place that does not take what is written to it.
 * @param kept where the text is instead
 */
export function cannotWrite(what: string, error: unknown, kept: string | null = null): C1mError {
  const { code = '', errno = 0, message } = error as NodeJS.ErrnoException
  const reason = getSystemErrorMap().get(errno)?.[1] ?? message
  const instead = kept === null ? '' : `; the result is in ${quote(kept)} instead`
  return new C1mError('C1M_OUTPUT_FAILED', `cannot write to ${what}: ${reason}${instead}`, {
    hint: remedies[code] ?? 'Choose another place.',
    cause: error
  })
}

const remedies: Readonly<Record<string, string>> = {
  ENXIO: 'Let something read it first.',
  EMFILE: 'Raise the limit on open files: ulimit -n.',
  ENFILE: 'Raise the limit on open files: sysctl fs.file-max.',
  ENOENT: 'Make the folder first.',
  EACCES: 'Choose a place you may write to.',
  EPERM: 'Choose a place you may write to.',
  EROFS: 'Choose a place on a file system that is not read-only.',
  ENOSPC: 'Make room, or choose another place.',
  ENOTDIR: 'A part of the path is a file; name a folder there.'
}
