// What one replica is asked to tell, for all callers together: by a subscription of the modern era, or on the stream of a session of the
// router's own. It is opened once, and says once how it ended.
import { isRecord } from '#router/eras/message.ts'
import { LATEST_LEGACY } from '#router/eras/versions.ts'
import { fewAtOnce, MOST_SAID } from '#router/upstream/few-at-once.ts'
import {
  endUpstreamSession,
  type HandshakeWay,
  openUpstreamSession,
  tell,
} from '#router/upstream/legacy-handshake.ts'
import {
  type ClientInfo,
  type LegacyContext,
  legacyListening,
  legacyQuestion,
  legacyWords,
  modernQuestion,
} from '#router/upstream/questions.ts'
import { askReplica } from '#router/upstream/rpc.ts'
import { ACKNOWLEDGED, LIST_CHANGES } from './changes.ts'
import { readEvents, type StreamEnd, type UpstreamEvents } from './upstream-events.ts'

/** Of one message; those that belong here are short. */
const MOST_BYTES = 65_536

export interface Heard {
  readonly json: Buffer
  readonly message: Readonly<Record<string, unknown>>
}

export interface SubscriptionEvents {
  /** From now on changes are told. */
  readonly onReady: () => void
  readonly onMessage: (heard: Heard) => void
  readonly onOver: (end: StreamEnd) => void
}

export interface Subscription {
  /** Asks for these as well; undefined where another subscription must take its place for that. */
  readonly add?: (uris: readonly string[]) => Promise<void>
  readonly remove?: (uris: readonly string[]) => void
  readonly end: () => void
}

export interface SubscribePorts {
  readonly way: HandshakeWay
  readonly client: ClientInfo
}

/** Resources of a session that are asked for at once. */
const LANES = 16

/** A stream is silent for as long as nothing changes. */
const NO_LIMIT = 0

export function subscribeModern(
  { way, client }: SubscribePorts,
  uris: readonly string[],
  events: SubscriptionEvents,
): Subscription {
  const lists = Object.values(LIST_CHANGES).map(({ wanted }) => [wanted, true] as const)
  const notifications = {
    ...Object.fromEntries(lists),
    ...(uris.length === 0 ? {} : { resourceSubscriptions: uris }),
  }
  const ask = { method: 'subscriptions/listen', params: { notifications } }
  const question = modernQuestion(
    way.path,
    { id: way.nextId(), client, ...ask },
    { ...way.times, idleMs: NO_LIMIT },
  )
  const stream = readEvents(way.send(question.outgoing), {
    mostBytes: MOST_BYTES,
    onOpen: () => undefined,
    onEvent: ({ data }) => {
      const heard = data && heardIn(data)
      if (heard?.message['method'] === ACKNOWLEDGED) events.onReady()
      else if (heard !== undefined) events.onMessage(heard)
      return true
    },
    onOver: events.onOver,
  })
  stream.start()
  return stream
}

export function subscribeLegacy(
  { way, client }: SubscribePorts,
  uris: readonly string[],
  events: SubscriptionEvents,
): Subscription {
  let context: LegacyContext | undefined
  let stream: UpstreamEvents | undefined
  let isEnded = false
  const answers = fewAtOnce(MOST_SAID)
  const ask = async (method: string, all: readonly string[]): Promise<void> => {
    const left = all.values()
    const lane = async (): Promise<void> => {
      for (const uri of left) {
        if (context === undefined || isEnded) return
        const about = { id: way.nextId(), method, params: { uri }, context }
        const question = legacyQuestion(way.path, about, way.times)
        await askReplica(way.send(question.outgoing), question.idJson, way.timeoutMs)
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
  }
  const end = (): void => {
    if (isEnded) return
    isEnded = true
    stream?.end()
    if (context !== undefined) void endUpstreamSession(way, context)
  }
  const over = (why: StreamEnd): void => {
    if (isEnded) return
    end()
    events.onOver(why)
  }
  const listen = (session: LegacyContext): void => {
    const outgoing = legacyListening(way.path, session)
    stream = readEvents(way.send(outgoing), {
      mostBytes: MOST_BYTES,
      onOpen: () => void ask('resources/subscribe', uris).then(events.onReady),
      onEvent: ({ data }) => {
        const heard = data && heardIn(data)
        if (heard === undefined) return true
        if ('id' in heard.message) answers(() => decline(way, session, heard.message))
        else events.onMessage(heard)
        return true
      },
      onOver: over,
    })
    stream.start()
  }
  void openUpstreamSession(way, { version: LATEST_LEGACY, client }).then(handshake => {
    if (handshake.kind === 'failed') return over({ kind: 'lost', isNobodyThere: false })
    context = handshake.session
    if (isEnded) void endUpstreamSession(way, context)
    else if (context.sessionId === undefined)
      over({ kind: 'refused', status: 405 }) // no stream without a session
    else listen(context)
  })
  return {
    add: all => ask('resources/subscribe', all),
    remove: all => void ask('resources/unsubscribe', all),
    end,
  }
}

/** Nobody stands behind a session of the router's own who could be asked for anything: only that it is there may be asked. */
async function decline(
  way: HandshakeWay,
  context: LegacyContext,
  { id, method }: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (typeof method !== 'string' || (typeof id !== 'string' && typeof id !== 'number')) return
  const said =
    method === 'ping'
      ? { result: {} }
      : { error: { code: -32601, message: 'Nobody is there to be asked.' } }
  const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, ...said }))
  await tell(way, legacyWords(way.path, { body, context }, way.times))
}

function heardIn(json: Buffer): Heard | undefined {
  try {
    const message: unknown = JSON.parse(json.toString())
    return isRecord(message) ? { json, message } : undefined
  } catch {
    return undefined // a server that says what is no message says nothing
  }
}
