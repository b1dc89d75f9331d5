/** "Did you mean": finds the known word that is most similar to a mistyped one. */

/**
 * The most similar of `known`, or undefined if none is similar enough. Allows one edit per three letters, or accepts the
 * beginning of exactly one known word.
 */
export function suggestion(word: string, known: readonly string[]): string | undefined {
  // No name is this long, and the time to compare grows with the length.
  if (word.length > 100) return undefined
  const prefixed = known.filter((name) => name.startsWith(word))
  if (word.length > 1 && prefixed.length === 1) return prefixed[0]
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const name of known) {
    const distance = editDistance(word, name)
    if (distance < bestDistance && distance < name.length) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** Insertions, deletions, substitutions and swaps of adjacent letters from `a` to `b` (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let distance = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, at(beforeLast, j - 2) + 1)
      }
      row.push(distance)
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
