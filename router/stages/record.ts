// First in, last out: whatever becomes of a call leaves one access line and its metrics.
import type { Clock } from '#foundation/clock.ts'
import { plainText } from '#foundation/plain-text.ts'
import { type RefusalCode, shapeOf } from '#foundation/refusals.ts'
import type { Arrived, Decoded, McpAnswer, Message, Recorded, Trail } from '#router/facts.ts'
import { subjectOf } from '#router/methods.ts'
import { go, type Outcome, type Stage } from '#router/pipeline/stage.ts'

/** What one call leaves behind. */
export interface CallRecord {
  readonly verb: string
  readonly serverName: string
  readonly era?: string
  readonly version?: string
  readonly method?: string
  /** As the caller wrote it; never a metric label. */
  readonly toolAsked?: string
  readonly promptAsked?: string
  readonly hasSession: boolean
  readonly trail: Trail
  /** `answered`: a whole answer went out, the tool's own errors included. */
  readonly result: 'answered' | 'refused' | 'broken' | 'caller_gone' | 'defect'
  readonly code?: RefusalCode
  readonly reason?: string
  readonly says?: string
  readonly detail?: string
  readonly status: number
  readonly durationMs: number
  readonly bytesIn: number
  readonly bytesOut: number
}

export interface Observations {
  readonly began: () => void
  readonly ended: (record: CallRecord) => void
}

type Known = Arrived & Recorded & Partial<Decoded>

/** A caller writes its names at any length, and the log must not keep them. */
const LONGEST_NAME = 128

export const record = (
  port: Observations,
  clock: Clock,
): Stage<McpAnswer, Arrived, Recorded & Timed> => ({
  name: 'record',
  decide: () => {
    port.began()
    return go({ trail: { attempts: 0 }, beganMs: clock.nowMs() })
  },
  settle: (call: Readonly<Known & Timed>, outcome) =>
    port.ended({
      ...described(call),
      ...resultOf(call, outcome),
      durationMs: clock.nowMs() - call.beganMs,
    }),
})

interface Timed {
  readonly beganMs: number
}

function described(call: Readonly<Known>): Omit<CallRecord, 'result' | 'durationMs'> {
  const message = call.message ?? call.trail.misread?.message
  const era = call.era ?? call.trail.misread?.era
  return {
    verb: call.verb,
    serverName: call.serverName.slice(0, LONGEST_NAME),
    hasSession: call.session !== undefined,
    trail: call.trail,
    status: call.caller.status,
    bytesIn: call.body.length,
    bytesOut: call.caller.bytesOut,
    ...(era === undefined ? {} : { era }),
    ...(call.version === undefined ? {} : { version: call.version.slice(0, LONGEST_NAME) }),
    ...(message === undefined
      ? {}
      : { method: (message.method || message.kind).slice(0, LONGEST_NAME) }),
    ...askedFor(message),
  }
}

/** URIs and task ids are no names: they may hold what a log must not. */
function askedFor(message: Message | undefined): Pick<CallRecord, 'toolAsked' | 'promptAsked'> {
  const subject = message && subjectOf(message)
  if (subject?.kind === 'tool') return { toolAsked: subject.name.slice(0, LONGEST_NAME) }
  return subject?.kind === 'prompt' ? { promptAsked: subject.name.slice(0, LONGEST_NAME) } : {}
}

function resultOf(
  call: Readonly<Known>,
  outcome: Outcome<McpAnswer>,
): Pick<CallRecord, 'result' | 'code' | 'reason' | 'detail'> {
  const { broken } = call.trail
  if (outcome.kind === 'defect')
    return { result: 'defect', code: 'RINGMAIN_DEFECT', reason: 'defect' }
  if (broken !== undefined && broken !== 'caller_gone')
    return { result: 'broken', code: broken, reason: shapeOf(broken).reason }
  if (broken === 'caller_gone' || call.caller.isGone) return { result: 'caller_gone' }
  if (outcome.kind === 'answered') return { result: 'answered' }
  const { code, says, detail } = outcome.refusal
  return {
    result: 'refused',
    code,
    reason: shapeOf(code).reason,
    ...(says === undefined ? {} : { says: plainText(says) }),
    ...(detail === undefined ? {} : { detail: plainText(detail) }),
  }
}
