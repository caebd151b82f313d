// Legacy sessions. The id a caller holds is sealed: it names the replicas and their own session ids, so any router with the key
// can serve it, and nothing is kept here but what has been opened lately, what has been ended, and which are held open.
import { LRUCache } from 'lru-cache'
import type { Sealer } from '#foundation/seal.ts'
import type { ClusterPolicy, Era } from '#routes/route-table.ts'
import { callerCapabilitiesIn, joinedInstructions, toldCapabilities } from './capabilities.ts'
import {
  choosePlace,
  notInTable,
  type ReplicaPorts,
  unavailable,
  unopened,
} from './choose-replica.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { OpenSession } from './eras/decode.ts'
import { isRecord } from './eras/message.ts'
import { LATEST_MODERN, META } from './eras/versions.ts'
import type { Decoded, Located, Session, SessionClient, SessionMember } from './facts.ts'
import { HeldSessions } from './held-sessions.ts'
import { forgoPlace, keepPlace } from './kept-place.ts'
import { HANDSHAKE_MS, handshakeWay, openSession } from './open-session.ts'
import type { Refusal } from './pipeline/stage.ts'
import type { RetryBudgets, RetryTurn } from './retry-budget.ts'
import { saidBy } from './said-capabilities.ts'
import { openSealed, sealSession } from './sealed-session.ts'
import type { Handshakes } from './stages/greet.ts'
import type { Farewells } from './stages/part.ts'
import { endUpstreamSession } from './upstream/legacy-handshake.ts'
import { type ClientInfo, legacyQuestion } from './upstream/questions.ts'
import { askReplica } from './upstream/rpc.ts'

/** Opened ids kept at hand; one that fell out is opened again. */
const OPENED = 10_000
/** Ended ids remembered; beyond that the replica's own 404 ends them. */
const ENDED = 10_000
/** For opening one, whatever replicas it takes: all of its time for a second where the first says nothing, though timers are late. */
const OPENING_MS = 2 * HANDSHAKE_MS + 500
/** Half of what a request's headers may be here: a longer id would be refused on its way back. */
const LONGEST = 8_192

export interface SessionPorts extends ReplicaPorts {
  readonly sealer: Sealer
  readonly budgets: RetryBudgets<ClusterPolicy>
  /** A call of the session is under way. */
  readonly isBusy: (token: string) => boolean
}

type Opened = { readonly member?: SessionMember } | { readonly refusal: Refusal }
type Opening = Parameters<Handshakes['initialize']>[0]

export class Sessions implements Handshakes, Pick<Farewells, 'end'> {
  readonly #ports: SessionPorts
  readonly #opened = new LRUCache<string, Session>({ max: OPENED })
  readonly #ended = new LRUCache<string, true>({ max: ENDED })

  readonly #held: HeldSessions

  constructor(ports: SessionPorts) {
    this.#ports = ports
    this.#held = new HeldSessions({
      mostOf: cluster => ports.active.cluster(cluster)?.policy.sessions,
      isBusy: ports.isBusy,
    })
  }

  readonly open: OpenSession = (token, from) => {
    if (this.#ended.has(token)) return undefined
    const known = this.#opened.get(token)
    const session = known ?? openSealed(this.#ports.sealer, token)
    if (session === undefined) return undefined
    if (known === undefined) this.#opened.set(token, session)
    this.#endAll(this.#held.used(session, from))
    return session
  }

  readonly discover: Handshakes['discover'] = call => {
    const instructions = this.#instructions(call)
    const resultJson = JSON.stringify({
      resultType: 'complete',
      supportedVersions: [LATEST_MODERN],
      capabilities: this.#capabilities(call, 'modern'),
      ...(instructions === undefined ? {} : { instructions }),
      ttlMs: 0,
      cacheScope: 'private',
      _meta: { [META.serverInfo]: this.#ports.client },
    })
    return { resultJson }
  }

  readonly initialize: Handshakes['initialize'] = async call => {
    const client = clientOf(call, this.#ports.client)
    const opening = call.server.members.map(({ cluster }) =>
      this.#openMember(call, cluster, client),
    )
    const members: SessionMember[] = []
    let opened = 0
    let last: Refusal | undefined
    for (const outcome of await Promise.all(opening)) {
      if ('refusal' in outcome) last = outcome.refusal
      else {
        opened += 1
        if (outcome.member !== undefined) members.push(outcome.member)
      }
    }
    if (opened === 0 && last !== undefined) return { refusal: last }
    const { server, version } = call
    const about = { serverName: server.name, version, members, client }
    const sessionToken = sealSession(this.#ports.sealer, about)
    if (sessionToken.length > LONGEST) {
      void this.end({ token: sessionToken, ...about }) // it was never held, and must not have another one fall out
      const says = `It would join ${members.length} clusters whose servers keep sessions.`
      return { refusal: { code: 'RINGMAIN_SESSION_TOO_LARGE', says } }
    }
    this.#endAll(this.#held.opened({ token: sessionToken, ...about }, call.from))
    const instructions = this.#instructions(call)
    const result = {
      protocolVersion: version,
      capabilities: this.#capabilities(call, 'legacy'),
      serverInfo: this.#ports.client,
      ...(instructions === undefined ? {} : { instructions }),
    }
    return { resultJson: JSON.stringify(result), sessionToken }
  }

  readonly setLevel: Handshakes['setLevel'] = async ({ session }, level) => {
    if (session === undefined) return undefined
    const told = session.members.map(member => this.#tellLevel(member, level))
    const refusal = (await Promise.all(told)).find(one => one !== undefined)
    // Modern servers are told it with every request, as long as this router remembers.
    if (refusal === undefined) this.#opened.set(session.token, { ...session, logLevel: level })
    return refusal
  }

  /** A server that keeps no log says so by an error, and that is all that can be wanted of it. */
  async #tellLevel(member: SessionMember, level: string): Promise<Refusal | undefined> {
    const cluster = this.#ports.active.cluster(member.cluster)
    const endpoint = cluster?.endpoint(member.endpoint)
    if (cluster === undefined || endpoint === undefined)
      return { code: 'RINGMAIN_SESSION_UNKNOWN', detail: `${member.endpoint} is gone` }
    const { send, path, times, nextId, timeoutMs } = handshakeWay(this.#ports, {
      cluster,
      endpoint,
    })
    const context = { version: member.version, sessionId: member.id }
    const ask = { id: nextId(), method: 'logging/setLevel', params: { level }, context }
    const question = legacyQuestion(path, ask, times)
    const reply = await askReplica(send(question.outgoing), question.idJson, timeoutMs)
    const detail = `${member.endpoint} was told the level`
    if (reply.kind === 'failed') return { ...unavailable('No level was set.'), detail }
    return reply.status === 404 ? { code: 'RINGMAIN_SESSION_UNKNOWN', detail } : undefined
  }

  readonly forsake = (sessionToken: string): void => {
    const session = openSealed(this.#ports.sealer, sessionToken)
    if (session !== undefined && !this.#ended.has(sessionToken)) void this.end(session)
  }

  /** Their callers are told 404 with their next request, as the specification has it, and open new ones. */
  #endAll(tokens: readonly string[]): void {
    for (const token of tokens) {
      const session = openSealed(this.#ports.sealer, token)
      if (session !== undefined) void this.end(session)
    }
  }

  readonly end = async (session: Session): Promise<void> => {
    this.#ended.set(session.token, true)
    this.#opened.delete(session.token)
    this.#held.forget(session)
    await Promise.all(
      session.members.map(async ({ cluster: name, endpoint: key, id, version }) => {
        const cluster = this.#ports.active.cluster(name)
        const endpoint = cluster?.endpoint(key)
        if (cluster === undefined || endpoint === undefined) return
        const way = handshakeWay(this.#ports, { cluster, endpoint })
        await endUpstreamSession(way, { version, sessionId: id })
      }),
    )
  }

  /** Opens a session where the server keeps them. Opening is safe to try elsewhere: nothing runs. */
  async #openMember(call: Opening, name: string, client: SessionClient): Promise<Opened> {
    const cluster = this.#ports.active.cluster(name)
    if (cluster === undefined) return { refusal: notInTable(name) }
    const turn = this.#ports.budgets.of(cluster.policy).begin()
    try {
      return await this.#openWithin(call, client, { cluster, turn })
    } finally {
      turn.end()
    }
  }

  async #openWithin(
    call: Opening,
    { info, capabilities }: SessionClient,
    { cluster, turn }: { readonly cluster: Cluster; readonly turn: RetryTurn },
  ): Promise<Opened> {
    const { name } = cluster.policy
    const endMs = Math.min(
      this.#ports.nowMs() + OPENING_MS,
      call.arrivedMs + (call.askedMs ?? Number.POSITIVE_INFINITY),
    )
    const late = { refusal: unavailable(`No replica of "${name}" opened a session in time.`) }
    const tried = new Set<string>()
    for (;;) {
      const choosing = choosePlace({ ...call, era: 'legacy', untilMs: endMs }, cluster, tried)
      const choice = choosing instanceof Promise ? await choosing : choosing // or its slot would go to others meanwhile
      if (choice.kind === 'refuse')
        return this.#ports.nowMs() >= endMs ? late : { refusal: choice.refusal }
      const place = keepPlace(choice.place)
      const isNeeded = place.era === 'legacy' && place.endpoint.learned?.isSessionful !== false
      const leftMs = endMs - this.#ports.nowMs()
      if (!isNeeded || leftMs <= 0) {
        forgoPlace(place)
        return isNeeded ? late : {}
      }
      const asked = { version: call.version, client: info, capabilities, leftMs, by: call }
      const handshake = await openSession(this.#ports, place, asked)
      forgoPlace(place)
      if (handshake.kind === 'open') {
        const { version, sessionId } = handshake.session
        if (sessionId === undefined) return {}
        return { member: { cluster: name, version, endpoint: place.endpoint.key, id: sessionId } }
      }
      tried.add(place.endpoint.key)
      if (turn.elsewhere() !== undefined) return { refusal: unopened(name) }
    }
  }

  /** Of those in service, whatever era they speak: each caller reaches them all. */
  #capabilities({ server }: Readonly<Located>, era: Era): Record<string, object> {
    const told = server.members.flatMap(({ cluster }) =>
      [...(this.#ports.active.cluster(cluster)?.endpoints ?? [])].flatMap(one =>
        one.isRoutable ? saidBy(one.learned, era) : [],
      ),
    )
    return toldCapabilities(era, told)
  }

  /** The document's own words first, else what the replicas of each cluster say of themselves. */
  #instructions({ server }: Readonly<Located>): string | undefined {
    if (server.instructions !== undefined) return server.instructions
    const told = server.members.flatMap(({ cluster: name, prefix: heading }) => {
      const endpoints = this.#ports.active.cluster(name)?.endpoints ?? []
      const teller = [...endpoints].find(
        endpoint => endpoint.isRoutable && endpoint.learned?.instructions !== undefined,
      )
      const words = teller?.learned?.instructions
      return words === undefined ? [] : [{ heading, words }]
    })
    return joinedInstructions(told)
  }
}

/** Of a name or a version that is told; no real one is longer. */
const LONGEST_WORD = 256

function clientOf({ message }: Decoded, fallback: ClientInfo): SessionClient {
  const { clientInfo: said, capabilities: stated } = message.params
  const capabilities = callerCapabilitiesIn(stated)
  if (!isRecord(said)) return { info: fallback, capabilities }
  const { name, version } = said
  const isTold = [name, version].every(
    word => typeof word === 'string' && word.length <= LONGEST_WORD,
  )
  return { info: isTold ? ({ name, version } as ClientInfo) : fallback, capabilities }
}
