/** Where a journal is, and what it takes to read and write it. */

/** The one of the doctor, or the one of the labs. */
export interface JournalPlace {
  readonly path: string
  /** Default `/proc`. */
  readonly procRoot: string
  /** Default `/etc`: for `machine-id`. */
  readonly etcRoot: string
  /** Permissions of the journal and of its folder. */
  readonly modes: { readonly file: number; readonly folder: number }
  /** Whether each journal there belongs to a process, and ends with it. */
  readonly hasOwner: boolean
  /** What to do about a journal there. */
  readonly hints: {
    /** One that cannot be written. */
    readonly unwritable: string
    /** One that was written by another host or in another network namespace. */
    readonly foreign: string
  }
}
