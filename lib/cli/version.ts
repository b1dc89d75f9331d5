/** `c1m-native --version`, which needs nothing of the rest. */
import { readFileSync } from 'node:fs'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
// A reader that has gone wants to hear nothing more.
process.stdout.on('error', () => {})
process.stdout.write(`${version}\n`)
