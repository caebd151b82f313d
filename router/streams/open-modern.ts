// `subscriptions/listen` (2026-07-28): what of its filter can be told is said first, and everything after bears the number of the request.
import type { Told } from '#router/capabilities.ts'
import { isRecord } from '#router/eras/message.ts'
import { META } from '#router/eras/versions.ts'
import type { VirtualServerMember } from '#routes/route-table.ts'
import { type CallerStream, eventOf } from './caller-stream.ts'
import { ACKNOWLEDGED, LIST_CHANGES, LONGEST_URI } from './changes.ts'
import { listenTo, tellLists } from './listening.ts'
import { readyOrLate } from './ready.ts'
import type { Ground, Listening, Opening } from './streams.ts'
import { tellsOf } from './tellers.ts'

/** Of one stream. */
const MOST_URIS = 256

interface Filter {
  readonly lists: readonly Told[]
  readonly uris: readonly string[]
}

export async function openModern(
  call: Listening,
  ground: Ground,
  newStream: () => CallerStream,
): Promise<Opening> {
  const filter = filterIn(call.message.params)
  if (typeof filter === 'string')
    return { refusal: { code: 'RINGMAIN_INVALID_PARAMS', says: filter } }
  const parts = await partsOf(call, ground, filter)
  const stream = newStream() // from here on it hears of its caller's leaving
  const { idJson } = call.message
  const readies = parts
    .filter(({ lists, uris }) => lists.size + uris.size > 0)
    .map(({ member, lists, uris }) => {
      const watch = ground.watchOf(member.cluster, call)
      const admitted = watch.admitted(uris.values())
      for (const [uri, own] of uris) if (!admitted.has(own)) uris.delete(uri)
      const wanted = { member, lists, uris: new Set(admitted), subscriptionJson: idJson }
      return listenTo(watch, stream, wanted).ready
    })
  await readyOrLate(ground.ports.after, stream, readies)
  return {
    stream,
    first: eventOf(acknowledgement(idJson, filter, parts)),
    offeredAnew: () => tellLists(stream, filter.lists, idJson),
    end: () => stream.end(eventOf(farewell(idJson))),
  }
}

interface Part {
  readonly member: VirtualServerMember
  readonly lists: ReadonlySet<Told>
  /** From the caller's names to the owner's. */
  readonly uris: Map<string, string>
}

async function partsOf(
  call: Listening,
  { ports }: Ground,
  { lists, uris }: Filter,
): Promise<readonly Part[]> {
  const parts = call.server.members.map(member => {
    const tells = tellsOf(ports.cluster(member.cluster))
    return {
      member,
      hasSubscriptions: tells.hasSubscriptions,
      lists: new Set(lists.filter(list => tells.lists.has(list))),
      uris: new Map<string, string>(),
    }
  })
  const owners = await Promise.all(uris.map(uri => ports.owners(call, uri)))
  for (const [index, [owner, rival]] of owners.entries()) {
    const part = parts.find(({ member }) => member === owner?.member)
    if (owner !== undefined && rival === undefined && part?.hasSubscriptions === true)
      part.uris.set(uris[index] as string, owner.own)
  }
  return parts
}

function filterIn(params: Readonly<Record<string, unknown>>): Filter | string {
  const { notifications } = params
  if (!isRecord(notifications)) return 'params.notifications must be an object.'
  const lists = Object.entries(LIST_CHANGES).flatMap(([told, { wanted }]) =>
    notifications[wanted] === true ? [told as Told] : [],
  )
  const uris = notifications['resourceSubscriptions'] ?? []
  const isGood =
    Array.isArray(uris) &&
    uris.length <= MOST_URIS &&
    uris.every(uri => typeof uri === 'string' && uri.length <= LONGEST_URI)
  return isGood
    ? { lists, uris: [...new Set(uris as readonly string[])] }
    : `params.notifications.resourceSubscriptions must be at most ${MOST_URIS} URIs.`
}

const meta = (idJson: string): string => `{"${META.subscriptionId}":${idJson}}`

function acknowledgement(idJson: string, { uris }: Filter, parts: readonly Part[]): string {
  const told = Object.entries(LIST_CHANGES)
    .filter(([list]) => parts.some(part => part.lists.has(list as Told)))
    .map(([, { wanted }]) => [wanted, true] as const)
  const heard = uris.filter(uri => parts.some(part => part.uris.has(uri)))
  const notifications = {
    ...Object.fromEntries(told),
    ...(heard.length === 0 ? {} : { resourceSubscriptions: heard }),
  }
  return `{"jsonrpc":"2.0","method":"${ACKNOWLEDGED}","params":{"notifications":${JSON.stringify(notifications)},"_meta":${meta(idJson)}}}`
}

const farewell = (idJson: string): string =>
  `{"jsonrpc":"2.0","id":${idJson},"result":{"resultType":"complete","_meta":${meta(idJson)}}}`
