#!/usr/bin/env node
/** Turns away a Node that is too old to read the rest. Loads nothing before, and is read by any Node since 12. */

/** `engines` in package.json; a test holds the two together. */
const oldest = '20.17'

const [oldestMajor, oldestMinor] = numbers(oldest)
const [major, minor] = numbers(process.versions.node)
if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
  process.stderr.write(
    `c1m-native: Node ${process.versions.node} is too old; ${oldest} or newer is needed. ` +
      'Install it from https://nodejs.org, or for this call only: npx -p node@22 -p c1m-native c1m-native.\n'
  )
  process.exitCode = 1
} else if (['--version', '-V', '-v', 'version'].includes(String(process.argv[2]))) {
  import('./print_version.js')
} else {
  import('./main.js')
}

function numbers(version: string): [number, number] {
  const [major, minor] = version.split('.')
  return [Number(major), Number(minor)]
}
