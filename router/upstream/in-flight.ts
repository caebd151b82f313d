// Calls of legacy sessions that are under way here, so that a cancellation finds the one it names.
// Callers do reuse ids: where two calls of a session share one, a cancellation names neither.
export class InFlight {
  readonly #calls = new Map<string, Set<() => void>>() // bounded by the calls in flight, as the next one is
  readonly #perSession = new Map<string, number>()

  /** Returns what forgets the call. */
  add(sessionToken: string, idJson: string, cancel: () => void): () => void {
    const key = keyOf(sessionToken, idJson)
    const calls = this.#calls.get(key) ?? new Set()
    this.#calls.set(key, calls)
    calls.add(cancel)
    this.#count(sessionToken, 1)
    return () => {
      if (!calls.delete(cancel)) return // it was forgotten before, and counts for no other
      this.#count(sessionToken, -1)
      if (calls.size === 0 && this.#calls.get(key) === calls) this.#calls.delete(key)
    }
  }

  readonly isBusy = (sessionToken: string): boolean => this.#perSession.has(sessionToken)

  #count(sessionToken: string, more: number): void {
    const count = (this.#perSession.get(sessionToken) ?? 0) + more
    if (count > 0) this.#perSession.set(sessionToken, count)
    else this.#perSession.delete(sessionToken)
  }

  cancel(sessionToken: string, idJson: string): void {
    const calls = this.#calls.get(keyOf(sessionToken, idJson))
    if (calls?.size !== 1) return
    for (const cancel of calls) cancel()
  }
}

/** A call and its cancellation may spell one id in two ways: `1.0` and `1`, a letter and its escape. */
const keyOf = (sessionToken: string, idJson: string): string =>
  `${sessionToken} ${JSON.stringify(JSON.parse(idJson))}`
