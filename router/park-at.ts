// A call of a modern caller that is put by while its legacy server waits for an answer, and its way on in the next round: to the replica
// where it waits, and nowhere else.
import type { Replica, ReplicaPorts } from './choose-replica.ts'
import type { ParkedCall } from './facts.ts'
import { contextOf, type Exchange, type ParkedCalls } from './parked-calls.ts'
import type { Refusal } from './pipeline/stage.ts'
import { carriedBy, type SayingPorts, sayCancelled } from './said-beside.ts'
import type { Chosen, Dispatched, Forwardable, Target } from './stages/forward.ts'
import type { LegacyContext } from './upstream/questions.ts'

export interface ParkingPorts extends ReplicaPorts, SayingPorts {
  readonly parked: ParkedCalls
}

/** One exchange at the replica that may be put by. */
interface Under {
  readonly replica: Replica
  readonly upstreamIdJson: string
  readonly exchange: Exchange & {
    readonly abandon: () => void
    /** The session stays, whatever becomes of the exchange. */
    readonly letGo: () => void
    /** The session ends with the exchange, however that ends. */
    readonly holdOn: () => void
  }
}

const TOO_MANY: Refusal = {
  code: 'RINGMAIN_QUESTION_UNANSWERED',
  says: 'Too many calls wait for their callers already.',
}

/** Nothing where the replica keeps no session, or where there are no rounds. */
export function parkAt(
  ports: ParkingPorts,
  { rounds }: Readonly<Forwardable>,
  { replica, upstreamIdJson, exchange }: Under,
): Pick<Dispatched, 'park'> {
  const { version, sessionId } = replica.legacy ?? {}
  if (rounds === undefined || version === undefined || sessionId === undefined) return {}
  const { parked: calls } = ports
  return {
    park: ({ questions, lastEventId, hold }) => {
      const asked = questions.map(({ key, method, idJson }) => [key, method, idJson] as const)
      const where = { endpoint: replica.endpoint.key, sessionId, version }
      const call = { ...where, idJson: upstreamIdJson, asked }
      if (lastEventId !== undefined) {
        exchange.letGo()
        exchange.ended({ ended: 'whole' })
        exchange.abort() // to a legacy server no cancellation
        calls.leave(replica, { sessionId, waitsMs: rounds.waitsMs() }, () => {
          void endLeft(ports, replica, { version, sessionId, idJson: upstreamIdJson })
        })
        return { state: rounds.park({ ...call, lastEventId }) }
      }
      exchange.holdOn()
      const held = calls.hold({ ...exchange, body: hold() }, () => {
        exchange.abandon()
        exchange.ended({ ended: 'left' })
      })
      return held === undefined ? { refusal: TOO_MANY } : { state: rounds.park({ ...call, held }) }
    },
  }
}

/** Nobody came back: the tool is told, and its session ended, where the replica still is. */
async function endLeft(
  ports: ParkingPorts,
  replica: Replica,
  { idJson, ...legacy }: { readonly idJson: string } & Required<LegacyContext>,
): Promise<void> {
  const cluster = ports.active.cluster(replica.cluster.policy.name)
  const endpoint = cluster?.endpoint(replica.endpoint.key)
  if (cluster === undefined || endpoint === undefined) return
  await sayCancelled(ports, { ...replica, cluster, endpoint, legacy }, idJson)
  ports.parked.endSession({ cluster, endpoint }, legacy)
}

/** The call has begun, so that nobody knows what became of it where its replica is not there any more. */
export function waitingTarget(
  ports: ParkingPorts,
  call: Readonly<Forwardable>,
  parked: ParkedCall,
): Chosen {
  const cluster = ports.active.cluster(call.cluster.name)
  const endpoint = cluster?.endpoint(parked.endpoint)
  if (cluster === undefined || endpoint === undefined) {
    const detail = `${parked.endpoint}, where it waited, is gone`
    return { kind: 'refuse', refusal: { code: 'RINGMAIN_OUTCOME_UNKNOWN', detail } }
  }
  const bound = { isBound: true, era: 'legacy', legacy: contextOf(parked) } as const
  const target: Target = {
    endpoint: endpoint.key,
    isBound: true,
    typicalMs: () => 0,
    send: () => goOn(ports, call, { parked, replica: { cluster, endpoint, ...bound } }),
    forgo: () => undefined, // it waits on
  }
  return { kind: 'target', target }
}

function goOn(
  ports: ParkingPorts,
  call: Readonly<Forwardable>,
  { parked, replica }: { readonly parked: ParkedCall; readonly replica: Replica },
): Dispatched {
  let isKept = false
  let said: Promise<void> | undefined
  const over = async (): Promise<void> => {
    if (isKept) return
    await said // the session must still be there when the tool is told what is cancelled in it
    ports.parked.endSession(replica, contextOf(parked))
  }
  const exchange = ports.parked.resume(
    replica,
    { parked, message: call.message },
    () => void over(),
  )
  const upstreamIdJson = parked.idJson
  const abandon = (): void => {
    said ??= sayCancelled(ports, replica, upstreamIdJson)
    exchange.abort()
  }
  const letGo = (): void => {
    isKept = true
  }
  return {
    attempt: exchange.attempt,
    upstreamIdJson,
    abandon,
    expire: () => exchange.expire(call.deadline.isCallers),
    ended: exchange.ended,
    relearn: () => undefined,
    carry: carriedBy(ports, call, replica),
    ...parkAt(ports, call, {
      replica,
      upstreamIdJson,
      exchange: { ...exchange, abandon, letGo, holdOn: () => undefined },
    }),
  }
}
