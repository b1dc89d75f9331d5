/** How connections are ended and served, by the words used on the command line, in options and by the engine. */

export const closeModes = ['fin', 'rst'] as const

/** How a connection is ended: `fin` closes in order and leaves a TIME_WAIT, `rst` resets and leaves nothing. */
export type CloseMode = (typeof closeModes)[number]

export const listenModes = ['sink', 'echo', 'close-first'] as const

/** What a listener does with a connection: `sink` reads and drops, `echo` sends back, `close-first` closes at once. */
export type ListenMode = (typeof listenModes)[number]
