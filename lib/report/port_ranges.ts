/** Addresses with ports, sorted, and neighboring ports that are alike as one range. Pure. */

/** Neighboring ports of one address. */
interface PortRun<T> {
  /** `address:port`, or `address:first-last`. */
  readonly range: string
  readonly members: readonly T[]
}

interface Place<T> {
  readonly host: string
  readonly first: number
  last: number
  readonly likeness: string
  readonly members: T[]
}

/**
 * Items by address and port, those with the same `likeness` on neighboring ports together. What has no port comes last,
 * each for itself.
 * @param addressOf `address:port` or `address:first-last`
 */
export function portRuns<T>(
  items: readonly T[],
  addressOf: (item: T) => string,
  likeness: (item: T) => string
): PortRun<T>[] {
  const places: Place<T>[] = []
  const others: PortRun<T>[] = []
  for (const item of items) {
    const address = addressOf(item)
    const [, host, first, last = first] = /^(.*):(\d+)(?:-(\d+))?$/.exec(address) ?? []
    if (host === undefined) others.push({ range: address, members: [item] })
    else
      places.push({
        host,
        first: Number(first),
        last: Number(last),
        likeness: likeness(item),
        members: [item]
      })
  }
  places.sort((a, b) => byNumber(a.host, b.host) || a.first - b.first)
  const runs: Place<T>[] = []
  for (const place of places) {
    const run = runs.at(-1)
    const joins =
      run && run.host === place.host && run.likeness === place.likeness && place.first <= run.last + 1
    if (!joins) {
      runs.push(place)
      continue
    }
    run.last = Math.max(run.last, place.last)
    run.members.push(...place.members)
  }
  return [
    ...runs.map(({ host, first, last, members }) => ({ range: written(host, first, last), members })),
    ...others
  ]
}

/** `a:1, a:2, a:3` as `a:1-3`, sorted. */
export function foldedPorts(addresses: readonly string[]): string[] {
  return portRuns(
    addresses,
    (address) => address,
    () => ''
  ).map(({ range }) => range)
}

function written(host: string, first: number, last: number): string {
  return first === last ? `${host}:${first}` : `${host}:${first}-${last}`
}

/** 10.0.0.9 comes before 10.0.0.10. */
function byNumber(a: string, b: string): number {
  return a === b ? 0 : a.localeCompare(b, 'en', { numeric: true })
}
