// Long answers take turns. Hundreds that begin at once would each take a piece in every turn of the loop, and a small call would
// wait for all of them; so only a few of those that have had a piece go on in a turn, in the order in which they came.

const EACH_TURN = 2

export class Turns {
  readonly #waiting: (() => void)[] = [] // bounded by the exchanges under way
  #isSet = false

  /** Calls `goOn` once, in a later turn of the loop. */
  queue(goOn: () => void): void {
    this.#waiting.push(goOn)
    this.#set()
  }

  #set(): void {
    if (this.#isSet || this.#waiting.length === 0) return
    this.#isSet = true
    setImmediate(() => {
      this.#isSet = false
      for (const goOn of this.#waiting.splice(0, EACH_TURN)) goOn()
      this.#set()
    })
  }
}
