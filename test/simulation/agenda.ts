// What is to happen, by the moment it is due: as much of Node's timers as anything here uses, in a heap with the next one first.

export class VirtualTimer {
  readonly #act: () => void
  readonly #ms: number
  readonly #isRepeated: boolean
  readonly #agenda: Agenda
  #isSet = true
  /** Of equal moments the first that was set comes first. */
  order = 0
  dueMs = 0

  constructor(
    agenda: Agenda,
    act: () => void,
    { ms, isRepeated }: { readonly ms: number; readonly isRepeated: boolean },
  ) {
    this.#agenda = agenda
    this.#act = act
    this.#ms = ms
    this.#isRepeated = isRepeated
  }

  get ms(): number {
    return this.#ms
  }

  get isSet(): boolean {
    return this.#isSet
  }

  run(): void {
    if (this.#isRepeated) this.#agenda.add(this)
    else this.#isSet = false
    this.#act()
  }

  /** From now on again, with its own delay. One that waits is not moved within the heap: it goes on as another of its kind. */
  refresh(): this {
    this.close()
    this.#isSet = true
    this.#agenda.moveTo(this)
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  close(): this {
    this.#isSet = false
    return this
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Bounded by what was set and is not due yet; what was cleared goes when it would have been. */
export class Agenda {
  readonly #heap: VirtualTimer[] = []
  #orders = 0
  nowMs = 1_000

  add(timer: VirtualTimer): VirtualTimer {
    this.#orders += 1
    timer.order = this.#orders
    timer.dueMs = this.nowMs + timer.ms
    this.#heap.push(timer)
    this.#rise(this.#heap.length - 1)
    return timer
  }

  /** Out of wherever it stands. */
  moveTo(timer: VirtualTimer): void {
    const others = this.#heap.filter(one => one !== timer)
    this.#heap.length = 0
    for (const [place, one] of others.entries()) {
      this.#heap.push(one)
      this.#rise(place)
    }
    this.add(timer)
  }

  /** The next that is due by then; undefined when there is none. */
  next(untilMs: number): VirtualTimer | undefined {
    for (let [first] = this.#heap; first !== undefined; [first] = this.#heap) {
      if (first.isSet && first.dueMs > untilMs) return undefined
      this.#drop()
      if (first.isSet) return first
    }
    return undefined
  }

  #rise(from: number): void {
    const timer = this.#at(from)
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#at(above)
      if (isBefore(parent, timer)) break
      this.#heap[place] = parent
      place = above
    }
    this.#heap[place] = timer
  }

  #drop(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    let place = 0
    for (let below = 1; below < this.#heap.length; below = 2 * place + 1) {
      if (below + 1 < this.#heap.length && isBefore(this.#at(below + 1), this.#at(below)))
        below += 1
      const child = this.#at(below)
      if (isBefore(last, child)) break
      this.#heap[place] = child
      place = below
    }
    this.#heap[place] = last
  }

  #at(place: number): VirtualTimer {
    const timer = this.#heap[place]
    if (timer === undefined) throw new Error(`nothing at ${place} of ${this.#heap.length}`)
    return timer
  }
}

const isBefore = (one: VirtualTimer, other: VirtualTimer): boolean =>
  one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order)
