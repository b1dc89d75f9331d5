/** How connections are closed and served: the words for the command line, the options and the engine. */

export const closeModes = ['fin', 'rst'] as const

/** How to close a connection: `fin` closes in order and leaves a TIME_WAIT, `rst` resets and leaves nothing. */
export type CloseMode = (typeof closeModes)[number]

export const listenModes = ['sink', 'echo', 'close-first'] as const

/** What a listener does with a connection: `sink` discards data, `echo` sends it back, `close-first` closes at once. */
export type ListenMode = (typeof listenModes)[number]
