/** Number types by their range. The compiler sees plain numbers; the JSON schemas check the range. */

/**
 * A count: a whole number of at least 0.
 * @asType integer
 * @minimum 0
 */
export type Count = number

/**
 * A quantity such as seconds or a rate.
 * @minimum 0
 */
export type Amount = number

/**
 * A TCP port.
 * @asType integer
 * @minimum 0
 * @maximum 65535
 */
export type Port = number

/** The largest {@link Port}. */
export const maxPort = 65_535

/**
 * A point in time, ISO 8601 in UTC with milliseconds.
 * @pattern ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$
 */
export type Timestamp = string
