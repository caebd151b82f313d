// What happens again and again is done at once, and then no more than once in a while: the last time always.
import { LRUCache } from 'lru-cache'
import type { After } from './caller-stream.ts'

/** Things told apart. One that falls out has its last time at once, and may be done once too often. */
const MOST = 1_000

interface Paced {
  cancel: (() => void) | undefined
  last: (() => void) | undefined
}

export class TrailingPace {
  readonly #after: After
  readonly #everyMs: number
  readonly #paced = new LRUCache<string, Paced>({
    max: MOST,
    dispose: ({ cancel, last }, _key, why) => {
      cancel?.()
      if (why === 'evict') last?.()
    },
  })

  constructor({ after }: { readonly after: After }, everyMs: number) {
    this.#after = after
    this.#everyMs = everyMs
  }

  run(key: string, act: () => void): void {
    const known = this.#paced.get(key)
    if (known !== undefined) {
      known.last = act
      return
    }
    this.#rest(key)
    act()
  }

  clear(): void {
    this.#paced.clear()
  }

  #rest(key: string): void {
    const paced: Paced = { cancel: undefined, last: undefined }
    this.#paced.set(key, paced)
    paced.cancel = this.#after(this.#everyMs, () => {
      const { last } = paced
      this.#paced.delete(key)
      if (last !== undefined) this.run(key, last)
    })
  }
}
