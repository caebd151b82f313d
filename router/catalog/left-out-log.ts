// Tells whoever runs the router what lists leave out, and why: once for each list of a cluster at a server, and again when it is other things.
import { LRUCache } from 'lru-cache'
import type { LeftOutView } from '#foundation/admin-views.ts'
import { plainText } from '#foundation/plain-text.ts'
import type { LeftOutOf } from './merged-list.ts'

/** Pages of lists that are remembered as told. One that is forgotten is told again. */
const MOST_TOLD = 1_000
/** Of one page, so many are named. */
const MOST_NAMED = 5
/** Of a name, in characters. */
const LONGEST_NAME = 100

interface Told extends LeftOutView {
  readonly server: string
}

export class LeftOutLog {
  readonly #log: (event: string, fields: Readonly<Record<string, unknown>>) => void
  readonly #told = new LRUCache<string, Told>({ max: MOST_TOLD })

  constructor(log: (event: string, fields: Readonly<Record<string, unknown>>) => void) {
    this.#log = log
  }

  readonly tell = ({ server, cluster, list, assistant, cursor, leftOut }: LeftOutOf): void => {
    const key = JSON.stringify([server, cluster, list, assistant, cursor])
    if (leftOut.length === 0) {
      this.#told.delete(key)
      return
    }
    const named = leftOut
      .slice(0, MOST_NAMED)
      .map(({ own, why }) => `${plainText(own, LONGEST_NAME)}: ${why}`)
    const count = leftOut.length
    const before = this.#told.get(key)
    const to = assistant === undefined ? {} : { assistant }
    this.#told.set(key, { server, cluster, list, ...to, count, named })
    if (before?.count === count && before.named.join('\n') === named.join('\n')) return
    this.#log('lists.left_out', {
      'ringmain.server': server,
      'ringmain.cluster': cluster,
      list,
      ...(assistant === undefined ? {} : { 'ringmain.assistant': assistant }),
      count,
      named,
    })
  }

  /** As the lists of this server were last written. */
  of(server: string): readonly LeftOutView[] {
    return [...this.#told.values()]
      .filter(told => told.server === server)
      .map(({ server: _server, ...view }) => view)
      .toReversed() // the newest comes first there
  }
}
