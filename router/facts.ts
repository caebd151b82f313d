// What can be known about a call: one small interface for each stage that establishes it, and the ports' shared words.
// After `decode` no stage reads a header or a byte: only what stands here.
import type { IncomingHttpHeaders } from 'node:http'
import type { RefusalCode } from '#foundation/refusals.ts'
import type { CallerCapabilities } from '#router/capabilities.ts'
import type { Criticality } from '#routes/criticality.ts'
import type { Introduced } from '#routes/match-assistant.ts'
import type {
  AssistantPolicy,
  ClusterPolicy,
  Era,
  HedgePolicy,
  VirtualServerPolicy,
} from '#routes/route-table.ts'
import type { Reshape } from './answers.ts'

/** What comes back. */
export type * from './answers.ts'

/** One value's place in the bytes of a message. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One JSON-RPC message as it came in: parsed once, to be looked at; the bytes stay what they were. */
export interface Message {
  readonly kind: 'request' | 'notification' | 'response'
  /** Empty for a response. */
  readonly method: string
  /** The id as it was written, quotes included; empty for a notification. */
  readonly idJson: string
  readonly params: Readonly<Record<string, unknown>>
  /** `params._meta`, empty when absent. */
  readonly meta: Readonly<Record<string, unknown>>
  readonly body: Buffer
  readonly spans: {
    readonly id?: Span
    readonly params?: Span
    /** `params.name`, quotes included. */
    readonly name?: Span
  }
}

/** The caller's side of one HTTP exchange. Everything is written through it, and it knows when the caller has left. */
export interface Caller {
  /** The connection closed before the answer was complete. */
  readonly isGone: boolean
  /** HTTP status sent, 0 before. */
  readonly status: number
  readonly bytesOut: number
  /** One listener, the newest; called once, at once when already gone. */
  readonly onGone: (listener: () => void) => void
  /** A whole answer. */
  readonly send: (
    status: number,
    headers: Record<string, string>,
    body?: Buffer | string | readonly Buffer[],
  ) => void
  readonly begin: (status: number, headers: Record<string, string>) => void
  /** False: wait for `onWritable` before the next. `isLent`: the bytes stay as they are only until this returns. */
  readonly write: (chunk: Buffer | string, isLent?: boolean) => boolean
  readonly onWritable: (listener: () => void) => void
  readonly end: () => void
  /** Breaks the connection: what was begun cannot be completed truthfully. */
  readonly cut: () => void
  /** The caller has said that it wants no answer: its exchange ends without one, and it counts as gone. */
  readonly dismiss: () => void
}

export interface Arrived {
  readonly verb: 'POST' | 'GET' | 'DELETE'
  readonly serverName: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly caller: Caller
  /** The address at the other end of its connection: who it is, as far as that is known. Empty where it has closed already. */
  readonly from: string
  /** When its head had come, on the monotonic clock. */
  readonly arrivedMs: number
}

/**
 * `not_sent`: no byte of the request can have been read. `unanswered`: it was handed to the connection, and no answer of the replica's
 * own came; whether it ran is not known, even where the replica was dead by then. `answered`: the replica has spoken.
 */
export type Reached = 'not_sent' | 'unanswered' | 'answered'

/** `refused`: the replica says that it did not run the call. `unanswered`: it may have run, and may run again. */
export type RetryReason = 'refused' | 'unanswered'

/**
 * Why a call was not sent again although the rules would have let it. Closed set: a metric label. `spent`: as often as policy allows, or
 * it could not be sent to four replicas.
 * `is_retry`: a router in front has sent it before. `retry_after`: its replica asks for more time than a caller is kept waiting.
 * `deadline`: too little of its time is left. `no_other`: every replica was tried. `mostly_out`: more than half of the pool is.
 * `budget`, `busy`: too many calls were sent again of late, or could not be sent, or are sent again just now.
 */
export type RetryDenial =
  | 'spent'
  | 'is_retry'
  | 'retry_after'
  | 'deadline'
  | 'no_other'
  | 'mostly_out'
  | 'budget'
  | 'busy'

/** What the access line tells beside the outcome. The one thing stages write to, field by field. */
export interface Trail {
  cluster?: string
  endpoint?: string
  /** The tool's own name, only once a replica is known to offer it: it becomes a metric label. */
  tool?: string
  attempts: number
  /** How far the newest attempt came. */
  verdict?: Reached
  /** Times it was sent again after it had been sent, and why the last time. */
  retries?: number
  retryReason?: RetryReason
  /** Why it was not sent again although the rules would have allowed it. */
  retryDenied?: RetryDenial
  /** It was tried at a second replica as well, and which of both was gone on with. */
  hedged?: 'first' | 'second'
  firstByteMs?: number
  isStream?: boolean
  /** `mcp-param-*` headers that mirror nothing of the tool, and were left out. */
  droppedParams?: number
  /** The tool's definition is not known, and with it what its arguments mirror: only its server can check that. */
  isUnchecked?: true
  /** Its caller has said that it wants no answer, other than by leaving. */
  isCancelled?: true
  /** Which assistant it says that it is. */
  assistant?: string
  /** Set when a relay ended otherwise than whole. */
  broken?: RefusalCode | 'caller_gone'
  /** As much as `decode` understood of a message it refused: the answer needs its era and id. */
  misread?: { readonly era?: Era; readonly message?: Message; readonly idJson?: string }
}

export interface Recorded {
  readonly trail: Trail
}

/** Where a legacy session lives upstream, for one cluster whose server keeps sessions. A cluster without one needs none. */
export interface SessionMember {
  readonly cluster: string
  /** Key of the replica that holds the session. */
  readonly endpoint: string
  /** The upstream's own session id. */
  readonly id: string
  readonly version: string
}

/** A legacy session, opened from the id that the caller sent. */
export interface Session {
  readonly token: string
  readonly serverName: string
  readonly version: string
  readonly members: readonly SessionMember[]
  /** What its caller said of itself when it was opened. */
  readonly client?: SessionClient
  /** How much its caller wants to hear of what is logged, where it has told this router. */
  readonly logLevel?: string
}

export interface SessionClient {
  readonly info: { readonly name: string; readonly version: string }
  /** What it can be asked, as far as that is carried. */
  readonly capabilities: CallerCapabilities
}

export type ListName = 'call' | 'list' | 'subscribe' | 'stream' | 'handshake' | 'notice' | 'close'

export interface Decoded {
  readonly era: Era
  /** Protocol revision the exchange is held under. */
  readonly version: string
  readonly message: Message
  /** Which ordered list the message goes down. */
  readonly list: ListName
  readonly session?: Session
  /** What the caller says that its call is worth; it counts where it is less than its server's. */
  readonly askedCriticality?: Criticality
  /** A router in front has sent it before. */
  readonly isRetry?: true
  /** Headers that travel on: `traceparent` and `tracestate` as they came, and through which routers the message has come by now. */
  readonly passedHeaders: ReadonlyArray<readonly [string, string]>
  /** `mcp-param-*` as they came. */
  readonly paramHeaders: ReadonlyArray<readonly [string, string]>
  /** How long the caller still waits, by its own word. */
  readonly askedMs?: number
  /** Where the stream of a legacy caller goes on. */
  readonly lastEventId?: string
  /** What its software says that it is: a hint, and no proof. */
  readonly introduced?: Introduced
}

export interface Located {
  readonly server: VirtualServerPolicy
  /** Of the call: what its server gives it, or what less its caller asked for. */
  readonly criticality: Criticality
  /** Who it says that it is, where a document names it: chooses what it is shown, and nothing that it may. */
  readonly assistant?: AssistantPolicy
}

/** From what a replica calls something to what the caller calls it. */
export interface Outward {
  readonly uri?: (own: string) => string
  readonly taskId?: (own: string) => string
}

/** Before it is known which replica answers, which the id of a task names as well. */
export interface OutwardOf extends Pick<Outward, 'uri'> {
  readonly taskId?: (own: string, endpoint: string) => string
}

/** What a server wrote down for the next round of its call goes out sealed: it is for this call, for its server, and for a while. */
export interface Rounds {
  /** As the server wrote it, where this is a later round of a call for which it did. */
  readonly ownState?: string
  readonly seal: (ownState: string) => string
  /** Where this is a later round of a call that waits at a legacy server. */
  readonly parked?: ParkedCall
  /** What its caller brings back of a call that waits. */
  readonly park: (call: Omit<ParkedCall, 'endsMs'>) => string
  /** For how long its caller may still begin another round, at whichever router. */
  readonly waitsMs: () => number
}

/** A call that waits at a legacy server for its caller's answers: where it is, what was asked, and how its stream goes on. */
export interface ParkedCall {
  readonly endpoint: string
  readonly sessionId: string
  readonly version: string
  /** The id that the server answers under. */
  readonly idJson: string
  /** Until when a round of it may begin, on the wall clock: the same for all of them. */
  readonly endsMs: number
  /** What the caller calls each question, its method, and the server's own id for it. */
  readonly asked: ReadonlyArray<readonly [key: string, method: string, idJson: string]>
  /** Any router goes on behind it; absent where the server numbers no events. */
  readonly lastEventId?: string
  /** Then the stream is held open, by the router that knows this. */
  readonly held?: string
}

export interface Resolved {
  readonly cluster: ClusterPolicy
  /** What its owner calls what the call is about: a tool, a prompt, a resource, a task. */
  readonly ownName: string
  /** How the caller names what the answer speaks of; absent where that is as the replica does. */
  readonly outward?: OutwardOf
  /** The replica that holds the task which the call is about. */
  readonly holder?: string
  /** Absent where its server cannot ask for another round. */
  readonly rounds?: Rounds
  /** It changes nothing when it runs twice, by policy and by what the replicas say of it together. */
  readonly isReplayable: boolean
  /** It may run at two replicas at once. */
  readonly hedge?: HedgePolicy
  /** `mcp-param-*` for the replica: written anew from the arguments where the tool's definition is known. */
  readonly mirroredHeaders: ReadonlyArray<readonly [string, string]>
  /** Its caller needs answers otherwise than they come. */
  readonly reshape?: Reshape
}

/** The moment by which a call must be over. */
export interface Deadline {
  readonly isOver: boolean
  /** The caller's own word made it shorter than the policy's: a replica that is slower than that has done nothing wrong. */
  readonly isCallers: boolean
  readonly leftMs: () => number
  /** One listener, the newest; called once, at once when it is over already. */
  readonly onOver: (listener: () => void) => void
  /** The tool tells of progress: the policy's time again, up to its hard maximum. */
  readonly extend: () => void
  /** Its caller is asked for something, and whoever answers may be a person: all the time that policy can give. */
  readonly hold: () => void
  /** The call has ended, whatever became of it. */
  readonly close: () => void
}

export interface Limited {
  readonly deadline: Deadline
}
