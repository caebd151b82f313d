// Tokens by who holds them, and who holds most of them: found without asking all, as each session that is opened at a full cluster asks.

/** One caller's, in the order of their last use, the oldest first. */
interface Holder {
  readonly by: string
  readonly tokens: Set<string>
}

export class ByHolder {
  /** Bounded by whoever puts in, and the next two by this one. */
  readonly #holderOf = new Map<string, Holder>()
  readonly #holders = new Map<string, Holder>()
  /** Of equally many, in the order of their last use. */
  readonly #rows = new Map<number, Set<Holder>>()

  get size(): number {
    return this.#holderOf.size
  }

  get holders(): number {
    return this.#holders.size
  }

  /** As the newest of its holder's, whoever that was before. */
  put(token: string, by: string): void {
    this.delete(token)
    const holder = this.#holders.get(by) ?? { by, tokens: new Set() }
    this.#change(holder, () => holder.tokens.add(token))
    this.#holders.set(by, holder)
    this.#holderOf.set(token, holder)
  }

  /** Whose it was. */
  delete(token: string): string | undefined {
    const holder = this.#holderOf.get(token)
    if (holder === undefined) return undefined
    this.#change(holder, () => holder.tokens.delete(token))
    this.#holderOf.delete(token)
    if (holder.tokens.size === 0) this.#holders.delete(holder.by)
    return holder.by
  }

  /** The tokens of each: of who holds most first, and of equally many of who has not used any for longest. */
  *byMost(): Generator<ReadonlySet<string>> {
    const sizes = [...this.#rows.keys()].sort((one, other) => other - one) // of 4,096 tokens 90 at most
    for (const size of sizes) for (const { tokens } of this.#rows.get(size) ?? []) yield tokens
  }

  #change(holder: Holder, change: () => void): void {
    const before = this.#rows.get(holder.tokens.size)
    before?.delete(holder)
    if (before?.size === 0) this.#rows.delete(holder.tokens.size)
    change()
    const { size } = holder.tokens
    if (size === 0) return
    const row = this.#rows.get(size) ?? new Set()
    this.#rows.set(size, row)
    row.add(holder)
  }
}
