// The end of every provider: compares, publishes, keeps the status. Providers never call `publish` themselves,
// so that "never twice, never after close" is written once.
import type { Clock } from '#foundation/clock.ts'
import type { Discovery, DiscoveryStatus, Instance, Snapshot } from './instance.ts'
import type { DiscoveryLog } from './ports.ts'
import { betweenSameEnds } from './same-ends.ts'
import { areSameInstances, isSameInstance } from './same-instance.ts'

const MAX_NOTES = 20

export interface InstanceFeed {
  readonly begin: Discovery['start']
  /** The source answered. `doubt` says why the answer may be old. True when the set changed. */
  readonly accept: (instances: readonly Instance[], remarks?: Remarks) => boolean
  /** The source answered that nothing has changed. */
  readonly confirm: (remarks?: Remarks) => void
  /** Same source as before, another set: a held instance went. Not an answer. */
  readonly amend: (instances: readonly Instance[]) => void
  /** The set of an earlier run, while the source does not answer. */
  readonly recall: (snapshot: Snapshot) => boolean
  /** The newest attempt failed; the last set stays. */
  readonly fail: (problem: string) => void
  /** The set that stands, in order of its keys. */
  readonly current: () => readonly Instance[]
  readonly status: () => DiscoveryStatus
  readonly close: () => void
}

export interface Remarks {
  readonly notes?: readonly string[]
  readonly doubt?: string
}

interface State {
  publish: ((snapshot: Snapshot) => void) | undefined
  last: Snapshot | undefined
  problem: string | undefined
  failuresInRow: number
  answeredAtMs: number | undefined
  notes: readonly string[]
}

export function createInstanceFeed(options: {
  readonly kind: string
  readonly clock: Clock
  readonly log: DiscoveryLog
}): InstanceFeed {
  const { kind, clock, log } = options
  const state: State = {
    publish: undefined,
    last: undefined,
    problem: undefined,
    failuresInRow: 0,
    answeredAtMs: undefined,
    notes: [],
  }
  const offer = (snapshot: Snapshot) => {
    if (state.publish === undefined) return false
    const { last } = state
    const instances = inOrder(last?.instances ?? [], snapshot.instances)
    if (last?.from === snapshot.from && areSameInstances(last.instances, instances)) return false
    state.last = { ...snapshot, instances }
    state.publish(state.last)
    return true
  }
  // A source that stays away repeats its problem every few seconds: only a changed sentence is logged.
  const note = (problem: string | undefined) => {
    if (problem === state.problem || state.publish === undefined) return
    state.problem = problem
    if (problem === undefined) log.info({ discovery: kind }, 'discovery answers again')
    else log.warn({ discovery: kind, problem }, 'discovery has a problem')
  }
  const answered = ({ notes = [], doubt }: Remarks): number => {
    state.failuresInRow = 0
    state.answeredAtMs = clock.wallMs()
    state.notes = notes.slice(0, MAX_NOTES)
    note(doubt)
    return state.answeredAtMs
  }
  return {
    begin(publish) {
      state.publish = publish
    },
    accept(instances, remarks = {}) {
      const asOfMs = answered(remarks)
      return offer({ instances, asOfMs, from: 'source' })
    },
    confirm: (remarks = {}) => void answered(remarks),
    amend(instances) {
      if (state.last !== undefined) offer({ ...state.last, instances })
    },
    recall: offer,
    fail(problem) {
      state.failuresInRow += 1
      note(problem)
    },
    current: () => state.last?.instances ?? [],
    status: () => statusOf(kind, state),
    close() {
      state.publish = undefined
    },
  }
}

function statusOf(kind: string, state: State): DiscoveryStatus {
  const { answeredAtMs, failuresInRow, notes, problem } = state
  return {
    kind,
    isSynced: answeredAtMs !== undefined,
    failuresInRow,
    ...(problem === undefined ? {} : { problem }),
    ...(answeredAtMs === undefined ? {} : { answeredAtMs }),
    ...(notes.length === 0 ? {} : { notes }),
  }
}

/** The next set in order of its keys, as the last one is. */
function inOrder(last: readonly Instance[], next: readonly Instance[]): readonly Instance[] {
  const between = betweenSameEnds(last, next)
  const { before, behind } = between
  const middle = keepKnown(between.last, sorted(between.next))
  const whole = [...next.slice(0, before), ...middle, ...next.slice(next.length - behind)]
  const isInPlace = isBefore(whole, before) && isBefore(whole, whole.length - behind)
  return isInPlace ? whole : keepKnown(last, sorted(next))
}

const sorted = (instances: readonly Instance[]): readonly Instance[] =>
  instances.toSorted((one, other) => (one.key < other.key ? -1 : 1))

/** Whether those before this place and those from it on are in order where they meet. */
function isBefore(instances: readonly Instance[], place: number): boolean {
  const [one, other] = [instances[place - 1], instances[place]]
  return one === undefined || other === undefined || one.key < other.key
}

/**
 * What has not changed is the very object of the set before, so that whoever is told can see so at a glance, and ten
 * thousand instances are not held twice. Both are in order of their keys.
 */
function keepKnown(last: readonly Instance[], next: readonly Instance[]): readonly Instance[] {
  let place = 0
  return next.map(instance => {
    while (place < last.length && (last[place] as Instance).key < instance.key) place += 1
    const known = last[place]
    return known !== undefined && isSameInstance(known, instance) ? known : instance
  })
}
