/** Whether a churn has come to nothing but failed exchanges, so that to go on would only be load. */

/** So many failures in a row, over so long, without one transaction between them. */
const mostFailures = 100
const mostSeconds = 3

export class Futility {
  #transactions = 0
  /** Failures until the last transaction, and when the first one after it was seen. */
  #failedBefore = 0
  #sinceSeconds: number | null = null

  /** To be called again and again; whether it is time to end the run. */
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
