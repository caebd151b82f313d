// The stream of one part of a caller's legacy session, at the replica that holds it: messages go on as the caller names things, each with
// what the caller needs to come back for the rest.
import { isRecord } from '#router/eras/message.ts'
import { messageSwap } from '#router/eras/outward-names.ts'
import type { Asking } from '#router/facts.ts'
import type { LegacyContext } from '#router/upstream/questions.ts'
import { legacyListening } from '#router/upstream/questions.ts'
import type { Sent } from '#router/upstream/send.ts'
import { readEvents, type StreamEnd } from './upstream-events.ts'

/** Of one message; a result that is fetched later is one, too. */
const MOST_BYTES = 16_777_216

export interface SourceWay {
  readonly path: string
  readonly send: (outgoing: ReturnType<typeof legacyListening>) => Sent
}

export interface SourceFrom {
  readonly way: SourceWay
  readonly context: LegacyContext
  /** Where the replica goes on; from now on when absent. */
  readonly last?: string
  /** Of the call whose stream it is; absent for the stream of the session, on which nothing is answered. */
  readonly call?: { readonly upstreamIdJson: string; readonly callerIdJson: string }
  readonly outwardUri?: (own: string) => string
  /** How what the server asks reaches the caller, for one question. */
  readonly asking: () => Asking
}

/** One that holds nothing for this caller may say something of the stream all the same. */
export interface SourceEvent {
  readonly json?: Buffer
  /** What was read last there. */
  readonly last?: string
  /** After how many milliseconds the caller may come back. */
  readonly retryMs?: number
}

export interface SourceEvents {
  readonly onHead: () => void
  /** What goes on of one event. False: it should wait. */
  readonly onEvent: (event: SourceEvent) => boolean
  /** `answered`: the call that it is about has its answer. */
  readonly onOver: (end: StreamEnd | { readonly kind: 'answered' }) => void
}

export interface SessionSource {
  readonly start: () => void
  readonly resume: () => void
  readonly end: () => void
}

export function sessionSource(from: SourceFrom, events: SourceEvents): SessionSource {
  const { way, context, last } = from
  const stream = readEvents(way.send(legacyListening(way.path, context, last)), {
    mostBytes: MOST_BYTES,
    onOpen: events.onHead,
    onOver: events.onOver,
    onEvent: ({ data, id, retryMs }) => {
      const numbered = id === undefined ? {} : { last: id }
      const paced = retryMs === undefined ? {} : { retryMs }
      if (data === undefined) return events.onEvent({ ...numbered, ...paced })
      const said = saidTo(data, from)
      if (said === 'broken') {
        stream.end()
        events.onOver({ kind: 'lost', isNobodyThere: false })
        return true
      }
      if (said === undefined) return true
      const mayGoOn = events.onEvent({ json: said.json, ...numbered, ...paced })
      if (!said.isAnswer) return mayGoOn
      stream.end()
      events.onOver({ kind: 'answered' })
      return true
    },
  })
  return stream
}

/** Undefined for what is not for this caller: some servers send everything of a session on each of its streams. */
function saidTo(
  data: Buffer,
  { call, outwardUri, asking: askingOf }: SourceFrom,
): { readonly json: Buffer; readonly isAnswer: boolean } | 'broken' | undefined {
  const message = parsed(data)
  const asking = askingOf()
  if (message === undefined) return 'broken'
  const isAnswer = !('method' in message)
  const isQuestion = !isAnswer && 'id' in message
  const isForeign = isAnswer && JSON.stringify(message['id']) !== call?.upstreamIdJson
  if (isForeign || (isQuestion && asking.kind !== 'named')) return undefined
  const swap = messageSwap({
    upstreamIdJson: call?.upstreamIdJson ?? NO_ID,
    callerIdJson: call?.callerIdJson ?? NO_ID_EITHER,
    asking,
    ...(outwardUri === undefined ? {} : { outward: { uri: outwardUri } }),
  })
  const pieces: Buffer[] = []
  swap.feed(data, 0, data.length, piece => pieces.push(Buffer.from(piece)))
  return swap.end() === 'bad' ? 'broken' : { json: Buffer.concat(pieces), isAnswer }
}

/** Of no call: the two differ, so that a question's own id is seen as what it is. */
const NO_ID = '"ringmain: no call"'
const NO_ID_EITHER = '"ringmain: none"'

function parsed(json: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const message: unknown = JSON.parse(json.toString())
    return isRecord(message) ? message : undefined
  } catch {
    return undefined
  }
}
