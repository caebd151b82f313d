// What is said again and again while it is still being said is said once more, and then as it was last.

type Act = () => Promise<unknown>

export class OnceMore {
  /** What is under way, and what comes behind it. Bounded by those of whom something is being said, which takes seconds. */
  readonly #underWay = new Map<string, Act | undefined>()

  run(key: string, act: Act): void {
    if (this.#underWay.has(key)) this.#underWay.set(key, act)
    else void this.#all(key, act)
  }

  async #all(key: string, first: Act): Promise<void> {
    try {
      for (let next: Act | undefined = first; next !== undefined; next = this.#underWay.get(key)) {
        this.#underWay.set(key, undefined)
        await next()
      }
    } finally {
      this.#underWay.delete(key)
    }
  }
}
