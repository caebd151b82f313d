// What can be known of an answer: of one attempt at a replica, and of what its caller is told.
import type { RefusalCode } from '#foundation/refusals.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { Deadline, Outward, Rounds } from './facts.ts'

/** Bytes of an upstream answer, read at the reader's pace. Exactly one of `pipe` and `collect` is called. */
export interface UpstreamBody {
  readonly pipe: (sink: UpstreamSink) => void
  /** The whole body, or why there is none. `limit` in bytes. */
  readonly collect: (limit: number) => Promise<Buffer | 'too_large' | 'broken'>
  /** Before anybody reads: waits until all of it is there, or as much as is kept until then; true where it broke off first. */
  readonly breaksEarly: () => Promise<boolean>
  readonly resume: () => void
  /** Nobody expects more of it for now: until `resume` silence is no fault. */
  readonly rest: () => void
  /** Ends the exchange at once; closing the stream is cancellation in the modern era. */
  readonly abort: () => void
}

export interface UpstreamSink {
  /** False: do not deliver more until `resume`. */
  readonly data: (chunk: Buffer) => boolean
  /** As `data`, of bytes that are its own only until it returns. Who does not read so is given copies. */
  readonly lent?: (bytes: Buffer) => boolean
  readonly end: () => void
  /** The upstream broke off. Never called after `abort`. */
  readonly broken: () => void
}

/** One try at one endpoint, as far as its first byte. */
export type Attempt =
  /** `isNobodyThere`: refused or unreachable. `isOurs`: this side could not or would not send it. */
  | {
      readonly kind: 'not_sent'
      readonly detail: string
      readonly isNobodyThere: boolean
      readonly isOurs?: true
    }
  /** Handed to the connection, and then lost. A replica that was dead by then cannot have run it, but nobody can know that. */
  | { readonly kind: 'no_answer'; readonly detail: string; readonly isOurs?: true }
  /** `isCallers`: it had less time than policy gives, by the caller's own word. */
  | { readonly kind: 'timeout'; readonly detail: string; readonly isCallers?: true }
  /** The caller left before the first byte. */
  | { readonly kind: 'abandoned' }
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly contentType: string
      readonly header: (name: string) => string | undefined
      readonly body: UpstreamBody
      readonly firstByteMs: number
    }

/** What was learned of an answer after its head. */
export interface AfterHead {
  /** Code of the JSON-RPC error that it holds. */
  readonly rpcCode?: number | undefined
  /** `cut`: it broke off. `unreadable`: it is no answer to this call. `left`: the caller did not wait for its end. */
  readonly ended?: 'whole' | 'cut' | 'unreadable' | 'left'
}

export type McpAnswer =
  /** A result of the router's own making, as JSON text, or as the bytes of one in pieces. `sessionToken` goes into `Mcp-Session-Id`. */
  | {
      readonly kind: 'result'
      readonly resultJson: string | readonly Buffer[]
      readonly sessionToken?: string
    }
  /** An error the upstream gave as its answer, as JSON text of the `error` member. */
  | {
      readonly kind: 'error'
      readonly errorJson: string
      readonly rpcCode: number
      readonly status: number
    }
  | { readonly kind: 'relay'; readonly relay: Relay }
  | { readonly kind: 'stream'; readonly stream: OpenStream }
  /** Taken, nothing to say: 202. */
  | { readonly kind: 'accepted' }
  /** The session is over: 200 without a body. */
  | { readonly kind: 'ended' }

/** A stream that is for its caller alone, and answers no call. */
export interface OpenStream {
  /** Resolves when it is over, however that came. */
  readonly run: () => Promise<'caller_gone' | undefined>
  /** Breaks it off. */
  readonly cut: () => void
}

/** One message of a replica as a caller of the other era has it. */
export type Carried =
  | { readonly kind: 'on'; readonly json: Buffer }
  /** It means nothing in the other era. */
  | { readonly kind: 'off' }
  | { readonly kind: 'refuse'; readonly refusal: CarryRefusal }
  /** A legacy server asks something, and waits for it. */
  | { readonly kind: 'question'; readonly question: OpenQuestion }
  /** No answer yet: its server wants to know more, and the call is sent again with that. */
  | { readonly kind: 'ask'; readonly asked: AskedRound }

/** What a modern server wants to know of its caller, in JSON as it wrote it. */
export interface AskedRound {
  readonly questions: readonly Question[]
  /** What it wrote down for the next round. */
  readonly stateJson?: string
}

/** A question that a legacy server has put on the stream of a call, for a modern caller. */
export interface OpenQuestion extends Question {
  /** The server's own id for it. */
  readonly idJson: string
}

/** Puts a call by until its caller comes back with answers: what that brings back, or why it cannot be put by. */
export type Park = (waiting: {
  readonly questions: readonly OpenQuestion[]
  /** Of the newest event that was read whole; absent where the server numbers none. */
  readonly lastEventId?: string
  /** The rest of the stream, for whoever goes on with it. */
  readonly hold: () => UpstreamBody
}) => { readonly state: string } | { readonly refusal: Refusal }

export interface Question {
  readonly key: string
  readonly method: string
  readonly paramsJson?: string
}

/** Asks the caller by `tell`, and sends the call again with its answers: what comes of that. */
export type Again = (
  asked: AskedRound,
  tell: (json: Buffer) => void,
) => Promise<
  | { readonly kind: 'answer'; readonly answer: McpAnswer }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }
>

/** Takes what a strict reader has found to be one JSON-RPC message for this call. */
export type Carry = (json: Buffer) => Carried

export interface CarryRefusal {
  readonly code: RefusalCode
  readonly says: string
  readonly detail?: string
}

/**
 * What a server asks of its caller on the stream of a call. `name`: the id that its caller hears, as JSON, from the server's own, the same
 * each time; undefined where more is asked than is carried.
 */
export type Asking =
  | { readonly kind: 'named'; readonly name: (ownIdJson: string) => string | undefined }
  | { readonly kind: 'refused'; readonly refusal: CarryRefusal }

/** How the caller comes back for the rest of a stream that it, or its server, has left. */
export interface Resuming {
  /** What the caller may come back with, from what the replica calls an event; undefined where that could not come back. */
  readonly idOf: (own: string) => string | undefined
  /** Instead of `abandon`: the exchange ends, and the tool runs on. */
  readonly leave: () => void
}

/** An answer as one assistant needs it. */
export interface Reshape {
  /** Of one message; the same bytes where nothing is to change. */
  readonly of: (json: Buffer) => Buffer
  /** A long one may have to change where its beginning holds one of these, in ASCII. */
  readonly signs: readonly string[]
}

export interface Relay {
  readonly isStream: boolean
  readonly body: UpstreamBody
  /** The id that the upstream answers under, and the caller's own to put in its place. Equal in the modern era. */
  readonly upstreamIdJson: string
  readonly callerIdJson: string
  /** Absent where names go on as they come. */
  readonly outward?: Outward
  /** The caller has left: ends the upstream exchange and tells the replica where its era wants that said. */
  readonly abandon: () => void
  /** Called once, however it ended: what came after the head may be a fault that the head did not show. */
  readonly ended: (after: AfterHead) => void
  readonly deadline: Deadline
  /** The replica is of the other era. */
  readonly carry?: Carry
  /** Absent where a server must not ask. */
  readonly asking?: Asking
  /** Absent where nobody can come back. */
  readonly resuming?: Resuming
  /** A legacy server can ask its modern caller for more. */
  readonly park?: Park
  /** A modern server can ask its legacy caller for more. */
  readonly again?: Again
  /** What the server writes down for the next round goes out sealed. */
  readonly rounds?: Rounds
  /** Its caller needs answers otherwise than they come. */
  readonly reshape?: Reshape
}
