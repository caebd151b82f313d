// Where the pages of a merged list come from: one question to one replica of each cluster. A list may be asked for again elsewhere.
import type { Sealer } from '#foundation/seal.ts'
import { NAME_SEPARATOR, type VirtualServerMember } from '#routes/route-table.ts'
import {
  chooseReplica,
  pathOf,
  type Replica,
  type ReplicaPorts,
  timesOf,
} from './choose-replica.ts'
import { isRecord } from './eras/message.ts'
import { definitionsIn, encodeToolList } from './eras/tool-list.ts'
import { META } from './eras/versions.ts'
import type { Decoded } from './facts.ts'
import type { Continuation, Lists, Page } from './stages/gather.ts'
import { legacyQuestion, modernQuestion, type Question } from './upstream/questions.ts'
import { askReplica, type RpcReply } from './upstream/rpc.ts'

export interface ListPorts extends ReplicaPorts {
  readonly sealer: Sealer
}

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
  call: Decoded,
  member: VirtualServerMember,
  cursor: string | undefined,
): Promise<Page> {
  const tried = new Set<string>()
  let failure = ''
  for (;;) {
    const choice = await chooseReplica(ports, call, member.cluster, tried)
    if (choice.kind === 'refuse') {
      return failure === ''
        ? choice
        : { kind: 'refuse', refusal: { ...choice.refusal, detail: failure } }
    }
    const { replica } = choice
    const reply = await ask(ports, call, replica, cursor)
    replica.release?.()
    if (reply.kind === 'message') return pageIn(reply, member)
    failure = `${replica.endpoint.key}: ${reply.detail}`
    if (replica.isBound) return lost(reply, failure)
    tried.add(replica.endpoint.key)
  }
}

function ask(
  ports: ListPorts,
  call: Decoded,
  replica: Replica,
  cursor: string | undefined,
): Promise<RpcReply> {
  const { cluster, endpoint, legacy } = replica
  const params = cursor === undefined ? {} : { cursor }
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
  return askReplica(ports.send(replica, question.outgoing), question.idJson, times.firstByteMs)
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

function pageIn(reply: Extract<RpcReply, { kind: 'message' }>, member: VirtualServerMember): Page {
  const { result, error } = reply.message
  if (isRecord(error)) {
    if (error['code'] === METHOD_NOT_FOUND) return { kind: 'page', tools: [] } // a server without tools
    if (reply.status === 404)
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
  const prefix = member.prefix === undefined ? '' : `${member.prefix}${NAME_SEPARATOR}`
  const nextCursor = isRecord(result) ? result['nextCursor'] : undefined
  return {
    kind: 'page',
    tools: definitionsIn(reply.bytes, prefix),
    ...(typeof nextCursor === 'string' ? { nextCursor } : {}),
  }
}
