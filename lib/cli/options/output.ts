/** The options that commands share: all of them where something runs, fewer where there is but a report. Pure data. */
import type { OptionSpecs } from '../parse_options.js'

export const outputOptions = {
  json: { name: 'json', type: 'flag', text: 'the result as JSON on stdout, instead of text' },
  ndjson: {
    name: 'ndjson',
    type: 'flag',
    text: 'a snapshot a line on stdout while it runs, the result as the last line'
  },
  out: {
    name: 'out',
    type: 'text',
    value: 'FILE',
    text: 'write the result as JSON to FILE as well; - is stdout'
  },
  quiet: { name: 'quiet', short: 'q', type: 'flag', text: 'no progress on stderr' },
  color: {
    name: 'color',
    type: 'flag',
    negatable: true,
    default: 'on a terminal, unless NO_COLOR is set',
    text: 'colour in text output'
  },
  help: { name: 'help', short: 'h', type: 'flag', text: 'this help' }
} as const satisfies OptionSpecs

const { json, out, color, help } = outputOptions

export const reportOptions = { json, out, color, help } as const satisfies OptionSpecs
