// Requests go out together, once whatever the loop found to be read has been read: an idle connection that its replica has closed, or has
// said something on that nobody asked for, is known by then and not used. And who is woken up for one request is awake for the others.

/** What is to be done by then. */
export type Sending = () => void

export class Outbox {
  #waiting: Sending[] = [] // bounded by the requests under way

  put(sending: Sending): void {
    this.#waiting.push(sending)
    if (this.#waiting.length === 1) setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const send of waiting) send()
  }
}
