/** First and last port, inclusive. */
export type PortRange = [first: number, last: number]
