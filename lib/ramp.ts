/** One corner of a piecewise-linear schedule of connection starts. */
export interface RampPoint {
  /** Milliseconds since the run began. */
  atMs: number
  /** Connections per second at that moment. */
  perSecond: number
}
