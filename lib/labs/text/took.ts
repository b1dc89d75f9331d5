import { approximateSeconds } from '../../base/units.js'

/** How long something took: to a tenth of a second, and from a minute on in minutes and seconds. */
export function took(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : approximateSeconds(seconds)
}
