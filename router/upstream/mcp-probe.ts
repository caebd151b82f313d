// One check's questions to one replica, and what each answer shows. A replica that was slow or busy has not said no: each question
// keeps the two apart, and what follows from them is decided by who asks.
import type { Clock } from '#foundation/clock.ts'
import type { Endpoint } from '#router/clusters/endpoint.ts'
import type { CheckResult } from '#router/clusters/health/checker.ts'
import { LATEST_LEGACY } from '#router/eras/versions.ts'
import type { ClusterPolicy } from '#routes/route-table.ts'
import {
  endUpstreamSession,
  type HandshakeWay,
  openUpstreamSession,
  type UpstreamSession,
} from './legacy-handshake.ts'
import type { Pools } from './pools.ts'
import { type ClientInfo, legacyQuestion, modernQuestion, type Question } from './questions.ts'
import { askReplica, outcomeOf, type RpcReply } from './rpc.ts'
import { sendUncounted } from './send.ts'
import { readToolNames, type ToolNames } from './tool-names.ts'

export interface ProbePorts {
  readonly pools: Pools
  readonly clock: Clock
  readonly nextId: () => number
  readonly client: ClientInfo
}

/** What the discover question showed; `busy` is alive and says nothing of its era. */
export type Modern =
  | {
      readonly kind: 'modern' | 'not_modern' | 'guarded' | 'busy'
      readonly instructions?: string
    }
  | { readonly kind: 'failed'; readonly result: CheckResult }

/** What the handshake showed; `found` is what was asked within the session. */
export type Legacy<Found> =
  | { readonly kind: 'open'; readonly session: UpstreamSession; readonly found: Found }
  | { readonly kind: 'not_legacy' | 'guarded' | 'unasked'; readonly result: CheckResult }

/** Codes that only a modern server answers with (2026-07-28, Error Codes). */
const MODERN_CODES: readonly unknown[] = [-32020, -32021, -32022]
const BUSY = 429

export const ALIVE: CheckResult = { ok: true }

export const notAlive = (reason: string): CheckResult => ({ ok: false, reason, isRefused: false })

export class Probe {
  readonly policy: ClusterPolicy
  readonly endpoint: Endpoint
  readonly #ports: ProbePorts

  constructor(policy: ClusterPolicy, ports: ProbePorts, endpoint: Endpoint) {
    this.policy = policy
    this.endpoint = endpoint
    this.#ports = ports
  }

  /** A plain GET, where the document names a path. */
  async plain(path: string): Promise<CheckResult> {
    const outgoing = { method: 'GET', path, headers: ['accept', '*/*'], body: undefined } as const
    const reply = await this.#put({ idJson: 'null', outgoing: { ...outgoing, ...this.#times } })
    if (reply.kind === 'failed') return failure(reply)
    return reply.status >= 200 && reply.status < 300
      ? ALIVE
      : notAlive(`GET ${path} answered ${reply.status}`)
  }

  async modern(): Promise<Modern> {
    const reply = await this.#put(this.#modernQuestion('server/discover'))
    if (reply.kind === 'failed') return { kind: 'failed', result: failure(reply) }
    const outcome = outcomeOf(reply)
    if (outcome === 'guarded') return { kind: 'guarded' }
    if (outcome === 'unasked')
      return reply.status === BUSY
        ? { kind: 'busy' }
        : { kind: 'failed', result: notAlive(`server/discover answered ${reply.status}`) }
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
  async legacy<Found>(
    within: (session: UpstreamSession) => Promise<Found>,
  ): Promise<Legacy<Found>> {
    const way = this.#way()
    const handshake = await openUpstreamSession(way, {
      version: LATEST_LEGACY,
      client: this.#ports.client,
    })
    if (handshake.kind === 'failed') return unopened(handshake.reply)
    const { session } = handshake
    const found = await within(session)
    await endUpstreamSession(way, session)
    return { kind: 'open', session, found }
  }

  /** Any JSON-RPC answer proves life, an error among them: not every server knows `ping`. */
  async ping(session: UpstreamSession): Promise<CheckResult> {
    const reply = await this.#ask('ping', session)
    if (reply.kind === 'failed') return failure(reply)
    if (reply.kind === 'message' && reply.status < 500) return ALIVE
    if (outcomeOf(reply) === 'guarded' || reply.status === BUSY) return ALIVE
    return notAlive(`ping answered ${reply.status}`)
  }

  /** Own names of the tools; a list that breaks off is no fault of health. */
  toolNames(session?: UpstreamSession): Promise<ToolNames> {
    return readToolNames(params =>
      session === undefined
        ? this.#put(this.#modernQuestion('tools/list', params))
        : this.#ask('tools/list', session, params),
    )
  }

  get #path(): string {
    return this.endpoint.instance.path ?? this.policy.path
  }

  get #times(): { firstByteMs: number; idleMs: number } {
    return { firstByteMs: this.policy.health.timeoutMs, idleMs: this.policy.health.timeoutMs }
  }

  #modernQuestion(method: string, params?: Record<string, unknown>): Question {
    const { client, nextId } = this.#ports
    const ask = { id: nextId(), method, client, ...(params === undefined ? {} : { params }) }
    return modernQuestion(this.#path, ask, this.#times)
  }

  #ask(
    method: string,
    context: UpstreamSession,
    params?: Record<string, unknown>,
  ): Promise<RpcReply> {
    const id = this.#ports.nextId()
    const ask = { id, method, context, ...(params === undefined ? {} : { params }) }
    return this.#put(legacyQuestion(this.#path, ask, this.#times))
  }

  #way(): HandshakeWay {
    const { pools, clock, nextId } = this.#ports
    return {
      path: this.#path,
      times: this.#times,
      timeoutMs: this.policy.health.timeoutMs,
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

function unopened(reply: RpcReply): Legacy<never> {
  if (reply.kind === 'failed') return { kind: 'unasked', result: failure(reply) }
  const says = `initialize answered ${reply.status}`
  switch (outcomeOf(reply)) {
    case 'guarded':
      return { kind: 'guarded', result: ALIVE }
    case 'unasked':
      return { kind: 'unasked', result: reply.status === BUSY ? ALIVE : notAlive(says) }
    case 'answered':
      return { kind: 'not_legacy', result: notAlive(`it speaks neither era: ${says}`) }
  }
}
