// The active check: does this replica still speak MCP? A modern one is asked `server/discover`; a legacy one gets a session of the
// router's own that is pinged and ended again. 401 means alive. A plain GET is used only where the document names a path.
import type { Clock } from '#foundation/clock.ts'
import type { Endpoint, Learned } from '#router/clusters/endpoint.ts'
import type { Check, CheckResult } from '#router/clusters/health/checker.ts'
import { LATEST_LEGACY } from '#router/eras/versions.ts'
import type { ClusterPolicy, Era } from '#routes/route-table.ts'
import {
  endUpstreamSession,
  type HandshakeWay,
  openUpstreamSession,
  type UpstreamSession,
} from './legacy-handshake.ts'
import type { Pools } from './pools.ts'
import { type ClientInfo, legacyQuestion, modernQuestion, type Question } from './questions.ts'
import { askReplica, type RpcReply } from './rpc.ts'
import { sendUncounted } from './send.ts'

export interface CheckPorts {
  readonly pools: Pools
  readonly clock: Clock
  readonly nextId: () => number
  readonly client: ClientInfo
}

/** Codes that only a modern server answers with (2026-07-28, Error Codes). */
const MODERN_CODES: readonly unknown[] = [-32020, -32021, -32022]
/** Pages of a tool list that are read to learn names. */
const PAGES = 50
const ALIVE: CheckResult = { ok: true }

/** What the discover question showed. */
type Modern =
  | { readonly kind: 'modern' | 'not_modern' | 'guarded'; readonly instructions?: string }
  | { readonly kind: 'failed'; readonly result: CheckResult }

export const createCheck =
  (policy: ClusterPolicy, ports: CheckPorts): Check =>
  async (endpoint, isDeep) => {
    const probe = new Probe(policy, ports, endpoint)
    const { path } = policy.health
    if (path === undefined) return isDeep ? learn(probe) : proveLife(probe, endpoint)
    const plain = await plainCheck(policy, ports, endpoint, path)
    return plain.ok && isDeep ? learnOr(probe, policy.eras) : plain
  }

/** The document's path proves life; what the replica speaks is asked, and taken from the document where it does not tell. */
async function learnOr(probe: Probe, pinned: readonly Era[] | undefined): Promise<CheckResult> {
  const learned = await learn(probe)
  if (learned.ok || pinned === undefined) return learned
  return { ok: true, learned: { eras: pinned, isSessionful: false, tools: new Set() } }
}

async function plainCheck(
  policy: ClusterPolicy,
  ports: CheckPorts,
  endpoint: Endpoint,
  path: string,
): Promise<CheckResult> {
  const { timeoutMs } = policy.health
  const outgoing = {
    method: 'GET',
    path,
    headers: ['accept', '*/*'],
    body: undefined,
    firstByteMs: timeoutMs,
    idleMs: timeoutMs,
  } as const
  const reply = await askReplica(
    sendUncounted(ports.pools, endpoint, outgoing, ports.clock),
    'null',
    timeoutMs,
  )
  if (reply.kind === 'failed') return failure(reply)
  return reply.status >= 200 && reply.status < 300
    ? ALIVE
    : { ok: false, reason: `GET ${path} answered ${reply.status}`, isRefused: false }
}

async function proveLife(probe: Probe, endpoint: Endpoint): Promise<CheckResult> {
  if (endpoint.learned?.eras.includes('modern') === true) {
    const modern = await probe.modern()
    if (modern.kind === 'failed') return modern.result
    return modern.kind === 'not_modern' ? learn(probe) : ALIVE
  }
  const legacy = await probe.legacy(async session => probe.ask('ping', session))
  return legacy.result
}

async function learn(probe: Probe): Promise<CheckResult> {
  const modern = await probe.modern()
  if (modern.kind === 'failed') return modern.result
  if (modern.kind === 'guarded') return guarded(probe)
  const eras: Era[] = modern.kind === 'modern' ? ['modern'] : []
  let tools = modern.kind === 'modern' ? await probe.toolNames() : undefined
  const legacy = await probe.legacy(async session => {
    tools ??= await probe.toolNames(session)
    return undefined
  })
  if (legacy.session !== undefined) eras.push('legacy')
  if (eras.length === 0 && legacy.result.ok) return guarded(probe)
  const kept =
    probe.policy.eras === undefined ? eras : eras.filter(era => probe.policy.eras?.includes(era))
  if (kept.length === 0) {
    if (!legacy.result.ok) return legacy.result
    return {
      ok: false,
      reason: `it speaks ${eras.join(' and ') || 'neither era'}, the document wants ${probe.policy.eras?.join(' or ')}`,
      isRefused: false,
    }
  }
  const instructions = modern.instructions ?? legacy.session?.instructions
  const learned: Learned = {
    eras: kept,
    isSessionful: legacy.session?.sessionId !== undefined,
    ...(legacy.session === undefined ? {} : { legacyVersion: legacy.session.version }),
    ...(instructions === undefined ? {} : { instructions }),
    tools: tools ?? new Set(),
  }
  return { ok: true, learned }
}

/** Alive, but it tells strangers nothing: what it speaks must be known already, or be written down. */
function guarded({ policy, endpoint }: Probe): CheckResult {
  const { learned } = endpoint
  const eras = policy.eras ?? endpoint.instance.eras ?? learned?.eras
  if (eras !== undefined)
    return { ok: true, learned: { isSessionful: false, tools: new Set(), ...learned, eras } }
  return {
    ok: false,
    reason:
      'it asks for authorization, so its era cannot be found out; name it in the document (eras) or in rm-eras',
    isRefused: false,
  }
}

class Probe {
  readonly policy: ClusterPolicy
  readonly endpoint: Endpoint
  readonly #ports: CheckPorts

  constructor(policy: ClusterPolicy, ports: CheckPorts, endpoint: Endpoint) {
    this.policy = policy
    this.endpoint = endpoint
    this.#ports = ports
  }

  async modern(): Promise<Modern> {
    const reply = await this.#put(this.#modernQuestion('server/discover'))
    if (reply.kind === 'failed') return { kind: 'failed', result: failure(reply) }
    if (reply.status === 401 || reply.status === 403) return { kind: 'guarded' }
    if (reply.status >= 500)
      return {
        kind: 'failed',
        result: { ok: false, reason: `server/discover answered ${reply.status}`, isRefused: false },
      }
    if (reply.kind === 'http') return { kind: 'not_modern' }
    const result = reply.message['result'] as
      | { supportedVersions?: unknown; instructions?: unknown }
      | undefined
    const error = reply.message['error'] as { code?: unknown } | undefined
    const isModern = Array.isArray(result?.supportedVersions) || MODERN_CODES.includes(error?.code)
    const told =
      typeof result?.instructions === 'string' ? { instructions: result.instructions } : {}
    return { kind: isModern ? 'modern' : 'not_modern', ...told }
  }

  /** A session that is ended again, whatever happened in it. */
  async legacy(
    within: (session: UpstreamSession) => Promise<RpcReply | undefined>,
  ): Promise<{ readonly session?: UpstreamSession; readonly result: CheckResult }> {
    const way = this.#way()
    const handshake = await openUpstreamSession(way, {
      version: LATEST_LEGACY,
      client: this.#ports.client,
    })
    if (handshake.kind === 'failed') return { result: handshakeFailure(handshake.reply) }
    const { session } = handshake
    const reply = await within(session)
    await endUpstreamSession(way, session)
    return { session, result: reply === undefined ? ALIVE : proof(reply) }
  }

  ask(
    method: string,
    session: UpstreamSession,
    params?: Record<string, unknown>,
  ): Promise<RpcReply> {
    const ask = {
      id: this.#ports.nextId(),
      method,
      context: session,
      ...(params === undefined ? {} : { params }),
    }
    return this.#put(legacyQuestion(this.#path, ask, this.#times))
  }

  /** Own names of the tools; fewer when the list breaks off, which is no fault of health. */
  async toolNames(session?: UpstreamSession): Promise<ReadonlySet<string>> {
    const names = new Set<string>()
    let cursor: string | undefined
    for (let page = 0; page < PAGES; page += 1) {
      const params = cursor === undefined ? {} : { cursor }
      const reply = await (session === undefined
        ? this.#put(this.#modernQuestion('tools/list', params))
        : this.ask('tools/list', session, params))
      if (reply.kind !== 'message') break
      const result = reply.message['result'] as
        | { tools?: unknown; nextCursor?: unknown }
        | undefined
      if (!Array.isArray(result?.tools)) break
      for (const tool of result.tools as ReadonlyArray<{ name?: unknown } | null>) {
        if (typeof tool?.name === 'string') names.add(tool.name)
      }
      if (typeof result.nextCursor !== 'string' || result.nextCursor === cursor) break
      cursor = result.nextCursor
    }
    return names
  }

  get #path(): string {
    return this.endpoint.instance.path ?? this.policy.path
  }

  get #times(): { firstByteMs: number; idleMs: number } {
    return { firstByteMs: this.policy.health.timeoutMs, idleMs: this.policy.health.timeoutMs }
  }

  #modernQuestion(method: string, params?: Record<string, unknown>): Question {
    const { client, nextId } = this.#ports
    return modernQuestion(
      this.#path,
      { id: nextId(), method, client, ...(params === undefined ? {} : { params }) },
      this.#times,
    )
  }

  #way(): HandshakeWay {
    const { pools, clock, nextId } = this.#ports
    const { timeoutMs } = this.policy.health
    return {
      path: this.#path,
      times: this.#times,
      timeoutMs,
      nextId,
      send: outgoing => sendUncounted(pools, this.endpoint, outgoing, clock),
    }
  }

  #put(question: Question): Promise<RpcReply> {
    const { pools, clock } = this.#ports
    const sent = sendUncounted(pools, this.endpoint, question.outgoing, clock)
    return askReplica(sent, question.idJson, this.policy.health.timeoutMs)
  }
}

const failure = (reply: Extract<RpcReply, { kind: 'failed' }>): CheckResult => ({
  ok: false,
  reason: reply.detail,
  isRefused: reply.attempt === 'not_sent' && /^ECONNREFUSED\b/.test(reply.detail),
})

/** Any JSON-RPC answer proves life, an error among them: not every server knows `ping`. */
function proof(reply: RpcReply): CheckResult {
  if (reply.kind === 'failed') return failure(reply)
  if (reply.kind === 'message' && reply.status < 500) return ALIVE
  if (reply.status === 401 || reply.status === 403) return ALIVE
  return { ok: false, reason: `ping answered ${reply.status}`, isRefused: false }
}

function handshakeFailure(reply: RpcReply): CheckResult {
  if (reply.kind === 'failed') return failure(reply)
  if (reply.status === 401 || reply.status === 403) return ALIVE
  return {
    ok: false,
    reason: `it speaks neither era: initialize answered ${reply.status}`,
    isRefused: false,
  }
}
