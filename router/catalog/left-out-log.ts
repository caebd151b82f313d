// Tells whoever runs the router what lists leave out, and why: once for each list of a cluster at a server, and again when it is other things.
import { LRUCache } from 'lru-cache'
import { plainText } from '#foundation/plain-text.ts'
import type { LeftOutOf } from './merged-list.ts'

/** Lists that are remembered as told. One that is forgotten is told again. */
const MOST_TOLD = 1_000
/** Of one list, so many are named. */
const MOST_NAMED = 5
/** Of a name, in characters. */
const LONGEST_NAME = 100

export class LeftOutLog {
  readonly #log: (event: string, fields: Readonly<Record<string, unknown>>) => void
  readonly #told = new LRUCache<string, string>({ max: MOST_TOLD })

  constructor(log: (event: string, fields: Readonly<Record<string, unknown>>) => void) {
    this.#log = log
  }

  readonly tell = ({ server, cluster, list, assistant, leftOut }: LeftOutOf): void => {
    const key = JSON.stringify([server, cluster, list, assistant])
    const named = leftOut
      .slice(0, MOST_NAMED)
      .map(({ own, why }) => `${plainText(own, LONGEST_NAME)}: ${why}`)
    const said = JSON.stringify([leftOut.length, named])
    if (this.#told.get(key) === said) return
    this.#told.set(key, said)
    this.#log('lists.left_out', {
      'ringmain.server': server,
      'ringmain.cluster': cluster,
      list,
      ...(assistant === undefined ? {} : { 'ringmain.assistant': assistant }),
      count: leftOut.length,
      named,
    })
  }
}
