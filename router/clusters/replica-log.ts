// What the log says of the replicas of one cluster: a line each while they are few, and one line that adds up the others where
// very many change within a second. Ten thousand lines would cost as much as what they tell of, and nobody reads them.

export type LogEvent = (event: string, fields: Readonly<Record<string, unknown>>) => void

/** Lines within a window. */
const MOST_LINES = 20
const WINDOW_MS = 1_000
/** Of those that are added up. */
const MOST_NAMED = 10

interface Rest {
  count: number
  readonly replicas: string[]
}

export class ReplicaLog {
  readonly #cluster: string
  readonly #log: LogEvent
  #lines = 0
  #window: NodeJS.Timeout | undefined
  readonly #rest = new Map<string, Rest>() // bounded by the kinds of events

  constructor(cluster: string, log: LogEvent) {
    this.#cluster = cluster
    this.#log = log
  }

  say(event: string, replica: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#window === undefined) {
      this.#window = setTimeout(() => this.flush(), WINDOW_MS)
      this.#window.unref()
    }
    this.#lines += 1
    if (this.#lines <= MOST_LINES)
      this.#log(event, {
        'ringmain.cluster': this.#cluster,
        'ringmain.replica': replica,
        ...fields,
      })
    else this.#addUp(event, replica)
  }

  /** Says what was added up; another window begins with the next line. */
  flush(): void {
    clearTimeout(this.#window)
    this.#window = undefined
    this.#lines = 0
    for (const [event, { count, replicas }] of this.#rest)
      this.#log(event, { 'ringmain.cluster': this.#cluster, count, replicas })
    this.#rest.clear()
  }

  #addUp(event: string, replica: string): void {
    const rest = this.#rest.get(event) ?? { count: 0, replicas: [] }
    this.#rest.set(event, rest)
    rest.count += 1
    if (rest.replicas.length < MOST_NAMED) rest.replicas.push(replica)
  }
}
