// Each stage of the path of a call, over ports that cost nothing, and the whole path over the same.
import { systemClock } from '#foundation/clock.ts'
import { CallDeadline } from '#router/deadlines/call-deadline.ts'
import { DeadlineWheel } from '#router/deadlines/deadline-wheel.ts'
import { judgeAnswer } from '#router/eras/judge.ts'
import { respond } from '#router/eras/respond.ts'
import type { Arrived, Decoded, Limited, Located, Recorded, Resolved } from '#router/facts.ts'
import { type Ports, requestPath } from '#router/request-paths.ts'
import { type Deadlines, deadline } from '#router/stages/deadline.ts'
import { decode } from '#router/stages/decode.ts'
import { forward } from '#router/stages/forward.ts'
import { locate } from '#router/stages/locate.ts'
import { record } from '#router/stages/record.ts'
import { resolve } from '#router/stages/resolve.ts'
import type { Work } from './batches.ts'
import { ARRIVED, ATTEMPTS, eras, TABLE } from './fake-call.ts'

/** Of a call outside HTTP and the kernel: what is left of it once the two are taken from the budget of a call. */
const PATH_BAR_NS = 16_000

type Facts = Arrived &
  Recorded &
  Decoded &
  Located &
  Resolved &
  Limited & { readonly beganMs: number }

const never = (): never => {
  throw new Error('a call of a tool asks for no such thing')
}

export function stageWorks(): readonly Work[] {
  const observations = { began: () => undefined, ended: () => undefined }
  const recorded = record(observations, systemClock)
  const decoded = decode(eras())
  const located = locate(TABLE)
  const resolved = resolve(TABLE)
  const limited = deadline(deadlines())
  const forwarded = forward(ATTEMPTS, judgeAnswer)
  const call = factsOf()
  const outcome = { kind: 'answered', answer: { kind: 'accepted' }, by: 'forward' } as const
  const path = requestPath(portsOf(observations))
  const kit = { settleFailed: never }
  return [
    {
      name: 'stage record, both ways',
      run: () => {
        const begun = recorded.decide(call)
        if (begun instanceof Promise) throw new Error('it decides at once')
        return recorded.settle?.(call, outcome)
      },
    },
    { name: 'stage decode 340 B', run: () => decoded.decide(call) },
    { name: 'stage locate', run: () => located.decide(call) },
    { name: 'stage resolve', run: () => resolved.decide(call) },
    {
      name: 'stage deadline, both ways',
      run: () => {
        const set = limited.decide({ ...call, arrivedMs: systemClock.nowMs() })
        if (set instanceof Promise || set.kind !== 'continue') throw new Error('it goes on at once')
        return set.facts.deadline.close()
      },
    },
    { name: 'stage forward', run: () => forwarded.decide(call) },
    {
      name: 'the whole path of a call',
      run: () => path.run({ ...ARRIVED, arrivedMs: systemClock.nowMs() }, kit),
      barNs: PATH_BAR_NS,
    },
  ]
}

const deadlines = (): Deadlines => {
  const wheel = new DeadlineWheel(systemClock.nowMs)
  return { open: limits => new CallDeadline(wheel, systemClock.nowMs, limits) }
}

const portsOf = (observations: Ports['observations']): Ports => ({
  clock: systemClock,
  observations,
  eras: eras(),
  table: TABLE,
  shedding: { refusalOf: () => undefined },
  deadlines: deadlines(),
  attempts: ATTEMPTS,
  judge: judgeAnswer,
  lists: { page: never, openCursor: never, begin: never },
  handshakes: { discover: never, initialize: never, setLevel: never, forsake: never },
  cancellations: { add: never, cancel: never },
  answers: { answer: never, tellAll: never },
  farewells: { end: never, lapsed: never },
  streams: { open: never },
  subscriptions: { subscribe: never },
  respond: respond({ defect: never, nowMs: systemClock.nowMs, after: never }),
})

/** Everything that the stages before would have established. */
function factsOf(): Facts {
  const read = eras().decode(ARRIVED)
  if (read.kind !== 'ok') throw new Error(`the call is refused: ${read.refusal.code}`)
  const server = TABLE.server('default')
  const cluster = TABLE.cluster('search')
  if (server === undefined || cluster === undefined) throw new Error('the table has both')
  return {
    ...ARRIVED,
    ...read.value,
    server,
    criticality: server.criticality,
    cluster,
    ownName: 'search',
    isReplayable: false,
    mirroredHeaders: [],
    trail: { attempts: 0 },
    deadline: deadlines().open({ arrivedMs: systemClock.nowMs(), policy: cluster.deadline }),
    beganMs: 0,
  }
}
