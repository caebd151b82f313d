// Each stage of the path of a call, over ports that cost nothing, and the whole path over the same.
import { systemClock } from '#foundation/clock.ts'
import { judgeAnswer } from '#router/eras/judge.ts'
import { respond } from '#router/eras/respond.ts'
import type { Arrived, Decoded, Located, Recorded, Resolved } from '#router/facts.ts'
import { type Ports, requestPath } from '#router/request-paths.ts'
import { decode } from '#router/stages/decode.ts'
import { forward } from '#router/stages/forward.ts'
import { locate } from '#router/stages/locate.ts'
import { record } from '#router/stages/record.ts'
import { resolve } from '#router/stages/resolve.ts'
import type { Work } from './batches.ts'
import { ARRIVED, ATTEMPTS, eras, TABLE } from './fake-call.ts'

/** Of a call outside HTTP and the kernel: what is left of it once the two are taken from the budget of a call. */
const PATH_BAR_NS = 16_000

type Facts = Arrived & Recorded & Decoded & Located & Resolved & { readonly beganMs: number }

const never = (): never => {
  throw new Error('a call of a tool asks for no such thing')
}

export function stageWorks(): readonly Work[] {
  const observations = { began: () => undefined, ended: () => undefined }
  const recorded = record(observations, systemClock)
  const decoded = decode(eras())
  const located = locate(TABLE)
  const resolved = resolve(TABLE)
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
    { name: 'stage forward', run: () => forwarded.decide(call) },
    { name: 'the whole path of a call', run: () => path.run(ARRIVED, kit), barNs: PATH_BAR_NS },
  ]
}

const portsOf = (observations: Ports['observations']): Ports => ({
  clock: systemClock,
  observations,
  eras: eras(),
  table: TABLE,
  shedding: { refusalOf: () => undefined },
  attempts: ATTEMPTS,
  judge: judgeAnswer,
  lists: { page: never, sealCursor: never, openCursor: never, encode: never },
  handshakes: { discover: never, initialize: never, forsake: never },
  cancellations: { cancel: never },
  farewells: { end: never },
  respond: respond({ defect: never }),
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
    toolName: 'search',
    isReplayable: false,
    mirroredHeaders: [],
    trail: { attempts: 0 },
    beganMs: 0,
  }
}
