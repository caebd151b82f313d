// The turn of every path: whatever came of the call, in the caller's era. A relay is over when its last byte has left.
import { randomUUID } from 'node:crypto'
import type { Clock } from '#foundation/clock.ts'
import type {
  Arrived,
  Caller,
  Decoded,
  McpAnswer,
  OpenStream,
  Recorded,
  Trail,
} from '#router/facts.ts'
import type { Respond } from '#router/pipeline/pipeline.ts'
import type { Outcome, Refusal } from '#router/pipeline/stage.ts'
import type { Era } from '#routes/route-table.ts'
import { type Codec, JSON_HEADERS, rpcPieces, type WireAnswer } from './codec.ts'
import { codecOf } from './decode.ts'
import { type After, relayAnswer } from './relay.ts'
import { HEADER } from './versions.ts'

export interface DefectLog {
  readonly defect: (id: string, at: string, error: unknown) => void
}

export interface RespondPorts extends DefectLog {
  readonly nowMs: Clock['nowMs']
  readonly after: After
}

type Known = Partial<Recorded & Decoded>

export const respond =
  (ports: RespondPorts): Respond<McpAnswer, Arrived, Recorded & Decoded> =>
  async (outcome, call) => {
    try {
      await turn(outcome, call, ports)
    } catch (error) {
      ports.defect(randomUUID(), 'respond', error)
      giveUp(outcome)
      call.caller.cut() // what was begun cannot be ended truthfully, and nobody may wait for it
      throw error
    }
  }

function turn(
  outcome: Outcome<McpAnswer>,
  call: Readonly<Arrived & Known>,
  log: RespondPorts,
): Promise<void> | void {
  const { caller } = call
  if (caller.isGone) return unanswered(outcome, log)
  const codec = codecOf(eraFor(call))
  if (outcome.kind !== 'answered') {
    const refusal = outcome.kind === 'refused' ? outcome.refusal : defectRefusal(outcome, log)
    return sendWhole(caller, refusalAnswer(codec, call, refusal))
  }
  const { answer } = outcome
  const idJson = call.message?.idJson ?? ''
  switch (answer.kind) {
    case 'accepted':
      return caller.send(202, {})
    case 'ended':
      return caller.send(200, {})
    case 'error':
      return sendWhole(caller, codec.error(idJson, answer.errorJson, answer.status))
    case 'result':
      if (typeof answer.resultJson !== 'string')
        // both eras say it alike
        return caller.send(200, JSON_HEADERS, rpcPieces(idJson, answer.resultJson))
      return sendResult(caller, codec.result(idJson, answer.resultJson), answer.sessionToken)
    case 'stream':
      return streamed(answer.stream, call.trail)
    case 'relay':
      return relayAnswer(caller, answer.relay, {
        nowMs: log.nowMs,
        after: log.after,
        trail: call.trail ?? { attempts: 0 },
        refusal: refusal => codec.refusal(call.message, refusal, idJson),
        error: ({ errorJson, status }) => codec.error(idJson, errorJson, status),
        defect: error => defectRefusal({ kind: 'defect', at: 'relay', error }, log),
      })
  }
}

async function streamed(stream: OpenStream, trail: Trail | undefined): Promise<void> {
  const broken = await stream.run()
  if (trail !== undefined && broken !== undefined) trail.broken = broken
}

/** Nothing of an era is known of bytes that could not be read: they are answered in the modern one. */
const eraFor = (call: Known): Era => call.era ?? call.trail?.misread?.era ?? 'modern'

const refusalAnswer = (codec: Codec, call: Known, refusal: Refusal): WireAnswer => {
  const message = call.message ?? call.trail?.misread?.message
  return codec.refusal(message, refusal, message?.idJson ?? call.trail?.misread?.idJson ?? '')
}

function defectRefusal(
  outcome: Extract<Outcome<McpAnswer>, { kind: 'defect' }>,
  log: DefectLog,
): Refusal {
  const id = randomUUID()
  log.defect(id, outcome.at, outcome.error)
  return { code: 'RINGMAIN_DEFECT', says: `Id ${id}.` }
}

function sendResult(caller: Caller, wire: WireAnswer, sessionToken: string | undefined): void {
  const session = sessionToken === undefined ? {} : { [HEADER.session]: sessionToken }
  caller.send(wire.status, { ...wire.headers, ...session }, wire.body)
}

const sendWhole = (caller: Caller, wire: WireAnswer): void =>
  caller.send(wire.status, wire.headers, wire.body)

/** Nobody is there to read it; a defect is logged all the same. */
function unanswered(outcome: Outcome<McpAnswer>, log: DefectLog): void {
  if (outcome.kind === 'defect') defectRefusal(outcome, log)
  giveUp(outcome)
}

/** What was opened for an answer that nobody will be given ends. */
function giveUp(outcome: Outcome<McpAnswer>): void {
  if (outcome.kind !== 'answered') return
  if (outcome.answer.kind === 'relay') outcome.answer.relay.abandon()
  else if (outcome.answer.kind === 'stream') outcome.answer.stream.cut()
}
