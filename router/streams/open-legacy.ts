// The stream of a legacy session, or of one of its calls that was left: each part of the session from the replica that holds it, and what
// is reached in another way from the watch of its cluster. Where a part ends the whole ends, and its caller comes back with the last id.
import { TOLD } from '#router/capabilities.ts'
import type { Session } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { VirtualServerMember } from '#routes/route-table.ts'
import { wireUri } from '#routes/wire-names.ts'
import { type CallerStream, eventOf } from './caller-stream.ts'
import { eventId, openEventId, type Position } from './event-ids.ts'
import { listenTo, tellLists } from './listening.ts'
import { readyOrLate } from './ready.ts'
import { placesOf, type SessionPlace } from './session-places.ts'
import { type SessionSource, type SourceEvent, sessionSource } from './session-source.ts'
import type { Ground, Listening, Opening } from './streams.ts'
import { tellsOf } from './tellers.ts'
import type { StreamEnd } from './upstream-events.ts'
import { wayBy } from './way-by.ts'

const NOT_AN_ID: Refusal = {
  code: 'RINGMAIN_INVALID_HEADER',
  says: 'Last-Event-ID is none that was given out in this session.',
}
const LOST: Refusal = {
  code: 'RINGMAIN_NO_HEALTHY_REPLICA',
  says: 'A replica that holds a part of the session does not answer.',
  retryAfterMs: 1_000,
}

const TOO_MANY_URIS: Refusal = {
  code: 'RINGMAIN_TOO_MANY_STREAMS',
  says: 'Its resources are more than can be listened to besides those of all others.',
  retryAfterMs: 1_000,
}

const GONE: Refusal = { code: 'RINGMAIN_SESSION_UNKNOWN', detail: 'nobody is at its replica' }

export async function openLegacy(
  call: Listening,
  ground: Ground,
  newStream: () => CallerStream,
): Promise<Opening> {
  const session = call.session as Session // `decode` lets none pass without
  const { lastEventId } = call
  const from = lastEventId === undefined ? undefined : openEventId(lastEventId)
  if (lastEventId !== undefined && from === undefined) return { refusal: NOT_AN_ID }
  const wanted = from?.kind === 'call' ? [session.members[from.part]] : session.members
  const members = wanted.filter(member => member !== undefined)
  if (members.length < wanted.length) return { refusal: NOT_AN_ID }
  const places = placesOf(ground.ports, members)
  if ('refusal' in places) return places
  const stream = newStream() // from here on it hears of its caller's leaving
  const parts = new Parts({ call, session, stream, from }, ground)
  const heads = places.map(place => parts.add(place))
  const watched = from?.kind === 'call' ? [] : parts.watch()
  await readyOrLate(ground.ports.after, stream, [...heads, ...watched])
  const refusal = parts.refusal ?? (parts.isNone(watched.length) ? NO_STREAM : undefined)
  if (refusal !== undefined) {
    parts.close()
    return { refusal }
  }
  return {
    sessionToken: session.token,
    stream,
    first: '',
    offeredAnew: () => {
      if (from?.kind !== 'call') tellLists(stream, TOLD)
    },
    begin: () => parts.start(),
    end: () => stream.end(),
  }
}

const NO_STREAM: Refusal = { code: 'RINGMAIN_METHOD_NOT_ALLOWED' }

interface About {
  readonly call: Listening
  readonly session: Session
  readonly stream: CallerStream
  readonly from: Position | undefined
}

class Parts {
  /** Why there is no stream. */
  refusal: Refusal | undefined
  readonly #about: About
  readonly #ground: Ground
  readonly #sources = new Map<number, SessionSource>() // as many as the session has parts
  /** What was read last of each part. */
  readonly #lasts: Map<number, string>

  constructor(about: About, ground: Ground) {
    this.#about = about
    this.#ground = ground
    this.#lasts = new Map(about.from?.kind === 'session' ? about.from.lasts : [])
    about.stream.onDrained(() => {
      for (const source of this.#sources.values()) source.resume()
    })
    about.stream.onOver(() => this.close())
  }

  isNone(watched: number): boolean {
    return this.#sources.size + watched === 0
  }

  /** Resolves when it is known whether its replica gives a stream. */
  add({ member, way, release }: SessionPlace): Promise<void> {
    const { session, from, stream, call } = this.#about
    const part = session.members.indexOf(member)
    const last = from?.kind === 'call' ? from.last : this.#lasts.get(part)
    const owner = call.server.members.find(({ cluster }) => cluster === member.cluster)
    return new Promise(resolve => {
      const source = sessionSource(
        {
          way: wayBy(way, call),
          context: { version: member.version, sessionId: member.id },
          ...(last === undefined ? {} : { last }),
          ...(from?.kind === 'call' ? { call: from } : {}),
          ...outward(owner),
          asking: () => this.#ground.ports.asking(session, member.cluster),
        },
        {
          onHead: resolve,
          onEvent: event => this.#tell(part, event),
          onOver: end => {
            release()
            this.#sources.delete(part)
            this.#over(end)
            resolve()
          },
        },
      )
      this.#sources.set(part, source)
      stream.onOver(release)
    })
  }

  /** Clusters that the session has no part at: each resolves when it is told of what it wants. */
  watch(): readonly Promise<void>[] {
    const { call, session, stream } = this.#about
    const { resources, watchOf, ports } = this.#ground
    const held = new Set(session.members.map(({ cluster }) => cluster))
    return call.server.members.flatMap(member => {
      const { cluster } = member
      if (held.has(cluster)) return []
      const tells = tellsOf(ports.cluster(cluster))
      if (tells.lists.size === 0 && !tells.hasSubscriptions) return []
      const uris = resources.of(session.token, cluster)
      const watch = watchOf(cluster, call)
      if (watch.admitted(uris).size < uris.size) {
        this.refusal = TOO_MANY_URIS
        return []
      }
      const { watcher, ready } = listenTo(watch, stream, { member, lists: tells.lists, uris })
      const changed = (): Promise<void> => watch.changed(watcher)
      const hasRoomFor = (uri: string): boolean => watch.admitted([uri]).has(uri)
      stream.onOver(resources.listen(session.token, cluster, { hasRoomFor, changed }))
      return [ready]
    })
  }

  start(): void {
    for (const source of this.#sources.values()) source.start()
  }

  close(): void {
    const sources = [...this.#sources.values()]
    this.#sources.clear()
    for (const source of sources) source.end()
    if (!this.#about.stream.isBegun) this.#about.stream.forsake()
  }

  #tell(part: number, { json, last, retryMs }: SourceEvent): boolean {
    const { stream } = this.#about
    const id = last === undefined ? undefined : this.#idOf(part, last)
    const retry = retryMs === undefined ? '' : `retry: ${retryMs}\n`
    if (json !== undefined) return stream.write(`${retry}${eventOf(json, id)}`)
    if (id === undefined) return retry === '' || stream.write(`${retry}\n`)
    return stream.write(`${retry}id: ${id}\ndata:\n\n`)
  }

  #idOf(part: number, last: string): string | undefined {
    const { from } = this.#about
    if (from?.kind === 'call') return eventId({ ...from, last })
    this.#lasts.set(part, last)
    return eventId({ kind: 'session', lasts: this.#lasts })
  }

  #over(end: StreamEnd | { readonly kind: 'answered' }): void {
    const { stream } = this.#about
    if (stream.isBegun) {
      // A replica that gives no stream after all takes nothing from the others.
      if (end.kind !== 'refused' || end.status === 404 || this.#sources.size === 0) stream.end()
    } else if (end.kind === 'refused') this.refusal ??= refusalOf(end.status)
    else if (end.kind === 'lost' && end.isNobodyThere) this.refusal ??= GONE
    else this.refusal ??= LOST
  }
}

const outward = (
  member: VirtualServerMember | undefined,
): { readonly outwardUri?: (own: string) => string } =>
  member?.prefix === undefined ? {} : { outwardUri: own => wireUri(member, own) }

/** Most that say no have no stream to give, and that is all (2025-11-25, transports, Listening for Messages). */
function refusalOf(status: number): Refusal | undefined {
  if (status === 404)
    return { code: 'RINGMAIN_SESSION_UNKNOWN', detail: 'the replica answered 404' }
  return status === 409 || status === 429
    ? { code: 'RINGMAIN_TOO_MANY_STREAMS', retryAfterMs: 1_000 }
    : undefined
}
