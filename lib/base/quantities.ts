/** Numbers by the values they can have. To the compiler they are plain numbers; the JSON schemas hold data to the rest. */

/**
 * How many of something.
 * @asType integer
 * @minimum 0
 */
export type Count = number

/**
 * A measure such as seconds or a rate.
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
 * A moment, ISO 8601 in UTC with milliseconds.
 * @pattern ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$
 */
export type Timestamp = string
