// Room for long bodies while they are received, all connections together: each may be as long as the limit, and not all of them at once.
// Short ones need none, so that who fills the room with long bodies and never ends them takes nothing from others but long bodies.

/** What tools are called with is shorter. As many of these as there are connections are what a process can bear. */
const SHORT = 131_072

export class BodyRoom {
  readonly #most: number
  #held = 0

  constructor(most: number) {
    this.#most = most
  }

  /** One body's bytes take another amount than before; false when there is no room. Giving back always works. */
  swap(before: number, after: number): boolean {
    const more = roomOf(after) - roomOf(before)
    if (more > 0 && this.#held + more > this.#most) return false
    this.#held += more
    return true
  }
}

const roomOf = (bytes: number): number => (bytes <= SHORT ? 0 : bytes)
