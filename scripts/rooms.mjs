/**
 * Holds the order of rooms: docs/architecture.md lists them, and a file may import (or include) only from its own room
 * and from the rooms above it. Type imports count. Run by `npm run lint`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Rooms in their order, from the rows "| `lib/base/` | what it is |" of the map. */
export function roomsIn(map) {
  return [...map.matchAll(/^\| `((?:lib|native)\/[\w/]*)` \|/gm)].map(([, room]) => room)
}

const importPattern = /(?:\bfrom|\bimport|\bimport\()\s*'(\.{1,2}\/[^']+)'|^#include "(native\/[^"]+)"/gm

/** Files of the house under `root` with the files each of them imports. */
export function importsUnder(root) {
  const files = ['lib', 'native'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => `${folder}/${path}`)
      .filter((path) => /\.(ts|cc|h)$/.test(path))
  )
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      const imports = [...text.matchAll(importPattern)].map(
        ([, module, header]) => header ?? normalize(join(dirname(file), module)).replace(/\.js$/, '.ts')
      )
      return [file, imports]
    })
  )
}

/** What is wrong, a sentence each. */
export function violations(rooms, imports) {
  const innermostFirst = rooms.toSorted((a, b) => b.length - a.length)
  const roomOf = (file) => innermostFirst.find((room) => file.startsWith(room))
  const problems = []
  for (const [file, targets] of imports) {
    const room = roomOf(file)
    if (room === undefined && file !== 'lib/index.ts') problems.push(`${file} is in no room`)
    for (const target of targets) {
      const from = roomOf(target)
      if (!imports.has(target) && !target.endsWith('.json'))
        problems.push(`${file} imports ${target}, which is not there`)
      else if (room !== undefined && rooms.indexOf(from) > rooms.indexOf(room))
        problems.push(`${file} imports ${target}: ${from} comes after ${room} in docs/architecture.md`)
    }
  }
  return [...problems, ...circles(imports).map((circle) => `circle: ${circle.join(' -> ')}`)]
}

/** Circles of files; one for each file that closes one. */
function circles(imports) {
  const found = []
  const done = new Set()
  const visit = (file, path) => {
    if (path.includes(file)) return found.push([...path.slice(path.indexOf(file)), file])
    if (done.has(file)) return
    for (const target of imports.get(file) ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of imports.keys()) visit(file, [])
  return found
}

function main(root) {
  const rooms = roomsIn(readFileSync(join(root, 'docs/architecture.md'), 'utf8'))
  const imports = importsUnder(root)
  const count = [...imports.values()].reduce((sum, targets) => sum + targets.length, 0)
  const problems = violations(rooms, imports)
  // A rule that sees nothing finds nothing: say how much was seen, and refuse to be satisfied with little.
  if (rooms.length < 20 || imports.size < 300 || count < 1000)
    problems.push('fewer rooms, files or imports than there are')
  for (const problem of problems) console.error(problem)
  console.log(
    `rooms: ${rooms.length} rooms, ${imports.size} files, ${count} imports, ${problems.length} problems`
  )
  process.exitCode = problems.length === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(fileURLToPath(new URL('..', import.meta.url)))
