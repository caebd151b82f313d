// A session that the router opens at a legacy server for a call whose caller has none.
import type { CallerCapabilities } from './capabilities.ts'
import type { Caller, Deadline, Decoded } from './facts.ts'
import { forgoPlace, keepPlace, type Place } from './kept-place.ts'
import { type HandshakePorts, handshakeWay, openSession } from './open-session.ts'
import { endUpstreamSession } from './upstream/legacy-handshake.ts'
import type { ClientInfo, LegacyContext } from './upstream/questions.ts'

/** What a server is told in the session, and which revision it is asked for. */
export interface SessionTerms {
  readonly version: string
  readonly client: ClientInfo
  /** What the caller can be asked. */
  readonly capabilities: CallerCapabilities
}

export interface OwnSession {
  readonly context: LegacyContext
  readonly openedMs: number
}

/** For whom it is opened. */
interface For {
  readonly by: Pick<Decoded, 'passedHeaders'>
  readonly caller: Pick<Caller, 'onGone'>
  readonly deadline?: Pick<Deadline, 'onOver'>
}

/** `held`: its place, whose slot is counted. Where there is no session, the slot is free again. */
type Opening =
  | { readonly kind: 'open'; readonly session: OwnSession; readonly held: Required<Place> }
  | { readonly kind: 'left' | 'failed' }

export async function openOwnSession(
  ports: HandshakePorts,
  place: Place,
  terms: SessionTerms,
  { by, caller, deadline }: For,
): Promise<Opening> {
  const held = keepPlace(place)
  const opening = openSession(ports, place, { ...terms, by })
  const handshake = await new Promise<Awaited<typeof opening> | 'left'>((resolve, reject) => {
    caller.onGone(() => resolve('left'))
    deadline?.onOver(() => resolve('left'))
    opening.then(resolve, reject)
  })
  if (handshake !== 'left' && handshake.kind === 'open') {
    const session = { context: handshake.session, openedMs: ports.nowMs() }
    return { kind: 'open', session, held }
  }
  forgoPlace(held)
  if (handshake !== 'left') return { kind: 'failed' }
  void opening.then(late => {
    if (late.kind === 'open') endOwnSession(ports, place, late.session) // nobody else knows of it
  })
  return { kind: 'left' }
}

export const endOwnSession = (ports: HandshakePorts, place: Place, context: LegacyContext): void =>
  void endUpstreamSession(handshakeWay(ports, place), context)
