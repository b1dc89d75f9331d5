/** The location of a journal, and the texts and permissions that depend on it. */

/** The journal of the doctor or of the labs. */
export interface JournalPlace {
  readonly path: string
  /** Default `/proc`. */
  readonly procRoot: string
  /** Default `/etc`; contains `machine-id`. */
  readonly etcRoot: string
  /** Permissions of the journal and of its folder. */
  readonly modes: { readonly file: number; readonly folder: number }
  /** Whether each journal there belongs to a process and ends with it. */
  readonly hasOwner: boolean
  /** Hints for errors about a journal there. */
  readonly hints: {
    /** For a journal that cannot be written. */
    readonly unwritable: string
    /** For a journal that was written by another host or in another network namespace. */
    readonly foreign: string
  }
}
