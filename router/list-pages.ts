// Where the pages of a merged list come from: one question to one replica of each cluster. A list may be asked for again elsewhere.
import type { Random } from '#foundation/clock.ts'
import type { Sealer } from '#foundation/seal.ts'
import type { ClusterPolicy, VirtualServerMember } from '#routes/route-table.ts'
import { wireName } from '#routes/wire-names.ts'
import {
  chooseReplica,
  forgoPlace,
  pathOf,
  type Replica,
  type ReplicaPorts,
  timesOf,
} from './choose-replica.ts'
import { isRecord } from './eras/message.ts'
import { definitionsIn, encodeToolList, MOST_TOOLS } from './eras/tool-list.ts'
import { META } from './eras/versions.ts'
import type { AfterHead } from './facts.ts'
import { pause } from './pause.ts'
import type { RetryBudgets, RetryTurn } from './retry-budget.ts'
import type { Continuation, Listing, Lists, Page } from './stages/gather.ts'
import { legacyQuestion, modernQuestion, type Question } from './upstream/questions.ts'
import { askReplica, PAGE_BYTES, type RpcReply } from './upstream/rpc.ts'

export interface ListPorts extends ReplicaPorts {
  readonly sealer: Sealer
  readonly random: Random
  readonly budgets: RetryBudgets<ClusterPolicy>
}

/** For one page, whatever replicas it takes: one that hangs must not keep the lists of the others waiting. */
const LIST_MS = 10_000
const METHOD_NOT_FOUND = -32601
const INVALID_PARAMS = -32602

export const listPages = (ports: ListPorts): Lists => ({
  page: (call, member, cursor) => page(ports, call, member, cursor),
  sealCursor: (server, rest) => ports.sealer.seal(purpose(server), rest),
  openCursor: (server, cursor) => opened(ports.sealer.open(purpose(server), cursor)),
  encode: (era, list) => encodeToolList(era, { ...list, serverInfo: { ...ports.client } }),
})

const purpose = (server: string): string => `tools/list ${server}`

const opened = (value: unknown): readonly Continuation[] | undefined =>
  Array.isArray(value) ? (value as readonly Continuation[]) : undefined // sealed by us, so of the shape we sealed

async function page(
  ports: ListPorts,
  call: Listing,
  member: VirtualServerMember,
  cursor: string | undefined,
): Promise<Page> {
  const cluster = ports.active.cluster(member.cluster)
  const turn = cluster && ports.budgets.of(cluster.policy).begin()
  try {
    return await pageInTurn(ports, call, { member, cursor, turn })
  } finally {
    turn?.end()
  }
}

interface Wanted {
  readonly member: VirtualServerMember
  readonly cursor: string | undefined
  readonly turn: RetryTurn | undefined
}

async function pageInTurn(
  ports: ListPorts,
  call: Listing,
  { member, cursor, turn }: Wanted,
): Promise<Page> {
  const endMs = Math.min(
    ports.nowMs() + LIST_MS,
    call.arrivedMs + (call.askedMs ?? Number.POSITIVE_INFINITY),
  )
  const tried = new Set<string>()
  let failure: string | undefined
  for (;;) {
    const choice = await chooseReplica(ports, waiting(call), member.cluster, tried)
    if (choice.kind === 'refuse') {
      const detail = failure ?? choice.refusal.detail
      const refusal = detail === undefined ? choice.refusal : { ...choice.refusal, detail }
      return { kind: 'refuse', refusal }
    }
    const { replica } = choice
    const leftMs = endMs - ports.nowMs()
    if (leftMs <= 0 || call.gone.aborted) {
      forgoPlace(replica)
      replica.release?.()
      return late(failure)
    }
    const reply = await ask(ports, call, replica, { cursor, timeoutMs: leftMs })
    replica.release?.()
    if (reply.kind === 'message') return pageIn(reply, member, replica.isBound)
    failure = `${replica.endpoint.key}: ${reply.detail}`
    if (replica.isBound) return lost(reply, failure)
    tried.add(replica.endpoint.key)
    if (reply.kind === 'failed' && reply.attempt === 'not_sent') continue
    if (!(await mayAskAgain(ports, call, { turn, endMs }))) return unanswered(failure)
  }
}

/** Reading a list changes nothing, but asking for it again is load like any other. */
async function mayAskAgain(
  { random, nowMs }: ListPorts,
  { gone, isRetry }: Listing,
  { turn, endMs }: { readonly turn: RetryTurn | undefined; readonly endMs: number },
): Promise<boolean> {
  const denial = turn?.again({
    isRetry: isRetry === true,
    leftMs: endMs - nowMs(),
    retryAfterMs: undefined,
    pool: () => undefined,
  })
  if (turn === undefined || denial !== undefined) return false
  await pause(random, undefined, leave => gone.addEventListener('abort', leave, { once: true }))
  return true
}

const unanswered = (detail: string): Page => ({
  kind: 'refuse',
  refusal: {
    code: 'RINGMAIN_NO_HEALTHY_REPLICA',
    says: 'No replica that was asked gave its list.',
    retryAfterMs: 1_000,
    detail,
  },
})

/** A caller who leaves gives up its place in the queue of each cluster that is asked for it. */
const waiting = (call: Listing): Parameters<typeof chooseReplica>[1] => ({
  ...call,
  caller: { onGone: leave => call.gone.addEventListener('abort', leave) },
})

const late = (detail: string | undefined): Page => ({
  kind: 'refuse',
  refusal: {
    code: 'RINGMAIN_NO_HEALTHY_REPLICA',
    says: 'No replica gave its list in time.',
    retryAfterMs: 1_000,
    ...(detail === undefined ? {} : { detail }),
  },
})

async function ask(
  ports: ListPorts,
  call: Listing,
  replica: Replica,
  how: { readonly cursor: string | undefined; readonly timeoutMs: number },
): Promise<RpcReply> {
  const { cluster, endpoint, legacy } = replica
  const params = how.cursor === undefined ? {} : { cursor: how.cursor }
  const common = { id: ports.nextId(), method: 'tools/list', params }
  const path = pathOf(cluster, endpoint)
  const times = timesOf(cluster)
  const question: Question =
    legacy === undefined
      ? modernQuestion(
          path,
          {
            ...common,
            client: call.message.meta[META.clientInfo] ?? ports.client,
            capabilities: call.message.meta[META.clientCapabilities],
          },
          times,
        )
      : legacyQuestion(path, { ...common, context: legacy }, times)
  replica.letGo?.()
  const sent = ports.send(replica, question.outgoing)
  call.gone.addEventListener('abort', sent.abort)
  const reply = await askReplica(sent, question.idJson, how.timeoutMs, PAGE_BYTES)
  sent.ended(afterHead(reply))
  call.gone.removeEventListener('abort', sent.abort)
  return reply
}

/** What was given up, and what is larger than is read, says nothing of the replica. */
function afterHead(reply: RpcReply): AfterHead {
  if (reply.kind === 'failed')
    return { ended: reply.attempt === 'no_answer' ? 'unreadable' : 'left' }
  if (reply.kind === 'http') return { ended: reply.isTooLarge === true ? 'left' : 'unreadable' }
  const { error } = reply.message
  const code = isRecord(error) ? error['code'] : undefined
  return { ended: 'whole', ...(typeof code === 'number' ? { rpcCode: code } : {}) }
}

function lost(reply: Exclude<RpcReply, { kind: 'message' }>, detail: string): Page {
  const isGone = reply.kind === 'http' ? reply.status === 404 : reply.attempt === 'not_sent'
  return {
    kind: 'refuse',
    refusal: {
      code: isGone ? 'RINGMAIN_SESSION_UNKNOWN' : 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
      detail,
    },
  }
}

function pageIn(
  reply: Extract<RpcReply, { kind: 'message' }>,
  member: VirtualServerMember,
  isBound: boolean,
): Page {
  const { result, error } = reply.message
  if (isRecord(error)) {
    if (error['code'] === METHOD_NOT_FOUND) return { kind: 'page', tools: [] } // a server without tools
    if (reply.status === 404 && isBound)
      return {
        kind: 'refuse',
        refusal: { code: 'RINGMAIN_SESSION_UNKNOWN', detail: 'the replica answered 404' },
      }
    const code =
      error['code'] === INVALID_PARAMS
        ? 'RINGMAIN_INVALID_PARAMS'
        : 'RINGMAIN_UPSTREAM_BAD_RESPONSE'
    return {
      kind: 'refuse',
      refusal: { code, detail: `tools/list answered error ${String(error['code'])}` },
    }
  }
  if (!isRecord(result) || !Array.isArray(result['tools'])) {
    const detail = 'tools/list answered without a list of tools'
    return { kind: 'refuse', refusal: { code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE', detail } }
  }
  const { nextCursor } = result
  const tools = definitionsIn(reply.bytes, wireName(member, ''))
  if (tools.length > MOST_TOOLS) {
    const detail = `tools/list answered with more than ${MOST_TOOLS} tools`
    return { kind: 'refuse', refusal: { code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE', detail } }
  }
  return {
    kind: 'page',
    tools,
    ...(typeof nextCursor === 'string' ? { nextCursor } : {}),
  }
}
