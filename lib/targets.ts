/** One destination address with the ports to use there, all inclusive. */
export interface Target {
  /** Host as it was written, for display. */
  host: string
  /** Numeric address. */
  address: string
  firstPort: number
  lastPort: number
}
