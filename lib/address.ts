/** Numeric addresses from `first` to `last`, inclusive, of one family. */
export interface AddressRange {
  first: string
  last: string
}
