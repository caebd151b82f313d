// Resources that those who listen want to hear of, and who wants which. They go to a replica in one request with each change, and are looked
// through with each that it tells of: so there are no more than so many, for all who listen together.
import { isWithin } from './changes.ts'

/** As many as there may be streams, each with one. */
const MOST_URIS = 10_000
/** Of all of them: servers take no request of any length. */
const MOST_CHARACTERS = 1_048_576

interface Wanting {
  /** May change: `take` is told then. */
  readonly uris: ReadonlySet<string>
}

export class WatchedUris<Who extends Wanting> {
  /** Bounded by `MOST_URIS`, each set too. */
  readonly #by = new Map<string, Set<Who>>()
  /** What is counted for each of them. */
  readonly #of = new Map<Who, ReadonlySet<string>>()
  #count = 0
  #characters = 0

  get all(): Iterable<string> {
    return this.#by.keys()
  }

  /** Of these, as many as there is room for. */
  admitted(uris: Iterable<string>): ReadonlySet<string> {
    const found = new Set<string>()
    let characters = this.#characters
    for (const uri of uris) {
      characters += uri.length
      const hasRoom = this.#count + found.size < MOST_URIS && characters <= MOST_CHARACTERS
      if (!hasRoom) break
      found.add(uri)
    }
    return found
  }

  /** What it wants to hear of now. */
  take(who: Who): void {
    const before = this.#of.get(who) ?? NONE
    for (const uri of before) if (!who.uris.has(uri)) this.#drop(uri, who)
    for (const uri of who.uris) if (!before.has(uri)) this.#add(uri, who)
    this.#of.set(who, new Set(who.uris))
  }

  delete(who: Who): void {
    for (const uri of this.#of.get(who) ?? NONE) this.#drop(uri, who)
    this.#of.delete(who)
  }

  /** Who wants to hear of a change of this one, or of what it is a part of. */
  heardBy(uri: string): ReadonlySet<Who> {
    const found = new Set<Who>()
    for (const [wanted, all] of this.#by)
      if (isWithin(uri, wanted)) for (const who of all) found.add(who)
    return found
  }

  #add(uri: string, who: Who): void {
    const all = this.#by.get(uri) ?? new Set()
    this.#by.set(uri, all)
    all.add(who)
    this.#count += 1
    this.#characters += uri.length
  }

  #drop(uri: string, who: Who): void {
    const all = this.#by.get(uri)
    if (all?.delete(who) !== true) return
    if (all.size === 0) this.#by.delete(uri)
    this.#count -= 1
    this.#characters -= uri.length
  }
}

const NONE: ReadonlySet<string> = new Set()
