// Where the pages of a merged list come from: one question to one replica of each cluster. A list may be asked for again elsewhere.
import type { Random } from '#foundation/clock.ts'
import type { ClusterPolicy, Era, VirtualServerMember } from '#routes/route-table.ts'
import { chooseReplica, notInTable, type Replica, type ReplicaPorts } from './choose-replica.ts'
import { itemsIn, MOST_ITEMS } from './eras/item-list.ts'
import { isRecord } from './eras/message.ts'
import { readableItems } from './eras/readable-items.ts'
import { META } from './eras/versions.ts'
import { through } from './eras/via.ts'
import type { AfterHead } from './facts.ts'
import { forgoPlace } from './kept-place.ts'
import { type Listed, listedBy } from './methods.ts'
import { pathOf, timesOf } from './open-session.ts'
import { NOT_EXECUTED } from './outcome.ts'
import { pause } from './pause.ts'
import type { RetryBudgets, RetryTurn } from './retry-budget.ts'
import type { Listing, Page, PageAnswer } from './stages/gather.ts'
import { legacyQuestion, modernQuestion, type Question } from './upstream/questions.ts'
import { askReplica, PAGE_BYTES, type RpcReply } from './upstream/rpc.ts'

export interface ListPorts extends ReplicaPorts {
  readonly random: Random
  readonly budgets: RetryBudgets<ClusterPolicy>
}

/** For one page, whatever replicas it takes: one that hangs must not keep the lists of the others waiting. */
const LIST_MS = 10_000
/** Of a cursor, in characters: it goes into the caller's, and with that through every proxy. */
const LONGEST_CURSOR = 4_096
const METHOD_NOT_FOUND = -32601
const INVALID_PARAMS = -32602

/** Asks one replica of the cluster, and another where it fails. */
export async function fetchPage(
  ports: ListPorts,
  call: Listing,
  member: VirtualServerMember,
  cursor: string | undefined,
): Promise<PageAnswer> {
  const cluster = ports.active.cluster(member.cluster)
  if (cluster === undefined) return { kind: 'refuse', refusal: notInTable(member.cluster) }
  const turn = ports.budgets.of(cluster.policy).begin()
  try {
    return await pageInTurn(ports, call, { member, cursor, turn })
  } finally {
    turn.end()
  }
}

interface Wanted {
  readonly member: VirtualServerMember
  readonly cursor: string | undefined
  readonly turn: RetryTurn
}

async function pageInTurn(
  ports: ListPorts,
  call: Listing,
  { member, cursor, turn }: Wanted,
): Promise<PageAnswer> {
  const endMs = Math.min(
    ports.nowMs() + LIST_MS,
    call.arrivedMs + (call.askedMs ?? Number.POSITIVE_INFINITY),
  )
  const tried = new Set<string>()
  let failure: string | undefined
  for (;;) {
    const choice = await chooseReplica(ports, waiting(call, endMs), member.cluster, { tried, turn })
    if (choice.kind === 'refuse') {
      if (ports.nowMs() >= endMs) return late(failure)
      const detail = failure ?? choice.refusal.detail
      const refusal = detail === undefined ? choice.refusal : { ...choice.refusal, detail }
      return { kind: 'refuse', refusal }
    }
    const { replica } = choice
    const leftMs = endMs - ports.nowMs()
    if (leftMs <= 0 || call.gone.aborted) {
      forgoPlace(replica)
      replica.own?.end()
      return late(failure)
    }
    const reply = await ask(ports, call, replica, { cursor, timeoutMs: leftMs })
    replica.own?.end()
    if (reply.kind === 'message')
      return pageIn(reply, {
        method: call.message.method,
        era: call.era,
        isBound: replica.isBound,
        cursor,
      })
    failure = `${replica.endpoint.key}: ${reply.detail}`
    if (replica.isBound) return lost(reply, failure)
    tried.add(replica.endpoint.key)
    if (reply.kind === 'failed' && reply.attempt === 'not_sent') {
      if (turn.elsewhere() === undefined) continue
      return unanswered(failure)
    }
    if (!(await mayAskAgain(ports, call, { turn, endMs }))) return unanswered(failure)
  }
}

/** Reading a list changes nothing, but asking for it again is load like any other. */
async function mayAskAgain(
  { random, nowMs }: ListPorts,
  { gone, isRetry }: Listing,
  { turn, endMs }: { readonly turn: RetryTurn; readonly endMs: number },
): Promise<boolean> {
  const denial = turn.again({
    isRetry: isRetry === true,
    leftMs: endMs - nowMs(),
    retryAfterMs: undefined,
    pool: () => undefined,
  })
  if (denial !== undefined) return false
  await pause(random, undefined, leave => gone.addEventListener('abort', leave, { once: true }))
  return true
}

const unanswered = (detail: string): PageAnswer => ({
  kind: 'refuse',
  refusal: {
    code: 'RINGMAIN_NO_HEALTHY_REPLICA',
    says: 'No replica that was asked gave its list.',
    retryAfterMs: 1_000,
    detail,
  },
})

/** A caller who leaves gives up its place in the queue of each cluster that is asked for it. */
const waiting = (call: Listing, untilMs: number): Parameters<typeof chooseReplica>[1] => ({
  ...call,
  untilMs,
  caller: { onGone: leave => call.gone.addEventListener('abort', leave) },
})

const late = (detail: string | undefined): PageAnswer => ({
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
  const common = { id: ports.nextId(), method: call.message.method, params }
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
  const sent = ports.send(replica, through(question.outgoing, call))
  call.gone.addEventListener('abort', sent.abort)
  const reply = await askReplica(sent, question.idJson, how.timeoutMs, PAGE_BYTES)
  sent.ended(afterHead(reply))
  call.gone.removeEventListener('abort', sent.abort)
  return isUndone(reply) && !replica.isBound ? NOBODY_TO_ASK : reply
}

/** A router behind this one says so; another one may have somebody. */
const isUndone = (reply: RpcReply): boolean =>
  reply.kind === 'message' && reply.status === 200 && reply.header(NOT_EXECUTED) === '1'

const NOBODY_TO_ASK: RpcReply = {
  kind: 'http',
  status: 200,
  detail: 'it is a router, and has nobody to ask',
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

function lost(reply: Exclude<RpcReply, { kind: 'message' }>, detail: string): PageAnswer {
  const isGone = reply.kind === 'http' ? reply.status === 404 : reply.attempt === 'not_sent'
  return {
    kind: 'refuse',
    refusal: {
      code: isGone ? 'RINGMAIN_SESSION_UNKNOWN' : 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
      detail,
    },
  }
}

interface AskedPage {
  readonly method: string
  readonly era: Era
  readonly isBound: boolean
  readonly cursor: string | undefined
}

function pageIn(reply: Extract<RpcReply, { kind: 'message' }>, asked: AskedPage): PageAnswer {
  const { result, error } = reply.message
  const listed = listedBy(asked.method) as Listed // only lists come this way
  if (isRecord(error)) return errorPage(reply.status, error['code'], asked)
  if (!isRecord(result) || !Array.isArray(result[listed.member]))
    return badPage(`${asked.method} answered without a list of ${listed.member}`)
  const { nextCursor } = result
  const items = itemsIn(reply.bytes, listed)
  if (items.length > MOST_ITEMS)
    return badPage(`${asked.method} answered with more than ${MOST_ITEMS} ${listed.member}`)
  if (typeof nextCursor === 'string' && nextCursor.length > LONGEST_CURSOR)
    return badPage(
      `${asked.method} answered with a cursor of more than ${LONGEST_CURSOR} characters`,
    )
  // One that names itself as the next would never end.
  const isMore = typeof nextCursor === 'string' && nextCursor !== asked.cursor
  return foundPage({
    ...readableItems(items, listed.member, asked.era),
    ttlMs: Number.isSafeInteger(result['ttlMs']) ? Math.max(0, Number(result['ttlMs'])) : 0,
    isPublic: result['cacheScope'] === 'public', // what says nothing is for its own caller
    ...(isMore ? { nextCursor } : {}),
  })
}

const foundPage = (page: Page): PageAnswer => ({ kind: 'page', page, leftMs: 0 })

const badPage = (detail: string): PageAnswer => ({
  kind: 'refuse',
  refusal: { code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE', detail },
})

function errorPage(status: number, code: unknown, { method, isBound }: AskedPage): PageAnswer {
  if (code === METHOD_NOT_FOUND) return foundPage({ items: [], ttlMs: 0, isPublic: false }) // a server that has none of these
  if (status === 404 && isBound)
    return {
      kind: 'refuse',
      refusal: { code: 'RINGMAIN_SESSION_UNKNOWN', detail: 'the replica answered 404' },
    }
  const detail = `${method} answered error ${String(code)}`
  return code === INVALID_PARAMS
    ? { kind: 'refuse', refusal: { code: 'RINGMAIN_INVALID_PARAMS', detail } }
    : badPage(detail)
}
