/** Detects a churn in which every exchange fails, so that going on would only cause load. */

/** The number of failures, and the time they must cover, without a single transaction in between. */
const mostFailures = 100
const mostSeconds = 3

export class Futility {
  #transactions = 0
  /** Failures up to the last transaction, and the time of the first failure after it. */
  #failedBefore = 0
  #sinceSeconds: number | null = null

  /** Must be called regularly. Returns whether the run should end. */
  note(tSeconds: number, transactions: number, failedExchanges: number): boolean {
    if (transactions > this.#transactions) {
      this.#transactions = transactions
      this.#failedBefore = failedExchanges
      this.#sinceSeconds = null
    }
    if (failedExchanges === this.#failedBefore) return false
    this.#sinceSeconds ??= tSeconds
    return (
      failedExchanges - this.#failedBefore >= mostFailures && tSeconds - this.#sinceSeconds >= mostSeconds
    )
  }
}
