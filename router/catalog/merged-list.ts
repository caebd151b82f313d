// A merged page as the callers of one virtual server see it: names and URIs on the wire, and one sealed cursor for all clusters.
import type { Sealer } from '#foundation/seal.ts'
import { encodeList, renamed } from '#router/eras/item-list.ts'
import type { Decoded, Located } from '#router/facts.ts'
import { type Listed, listedBy } from '#router/methods.ts'
import type { Continuation, MergedList, Part } from '#router/stages/gather.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { mayBeNamed, wireName, wireUri } from '#routes/wire-names.ts'

type Asked = Readonly<Pick<Decoded, 'era' | 'message'> & Located>

const purpose = ({ message, server }: Asked): string => `${message.method} ${server.name}`

/** Undefined when it was not given out for this list of this server. */
export function openCursor(
  sealer: Sealer,
  call: Asked,
  cursor: string,
): readonly Continuation[] | undefined {
  const value = sealer.open(purpose(call), cursor)
  return Array.isArray(value) ? (value as readonly Continuation[]) : undefined // sealed by us, so of the shape we sealed
}

export function encodeMerged(
  { sealer, client }: { readonly sealer: Sealer; readonly client: object },
  call: Asked,
  { parts, rest, unavailable }: MergedList,
): Buffer {
  const listed = listedBy(call.message.method) as Listed // only lists come this way
  return encodeList(call.era, {
    member: listed.member,
    items: parts.flatMap(part => definitionsOf(call.server, part, listed)),
    unavailable,
    serverInfo: { ...client },
    ...(rest.length === 0 ? {} : { nextCursor: sealer.seal(purpose(call), rest) }),
  })
}

/** As callers of this server know them; without those that it may not name. */
function definitionsOf(
  server: VirtualServerPolicy,
  { member, page: { items } }: Part,
  { key, member: list }: Listed,
): readonly Buffer[] {
  const isNamed = key === 'name'
  const outward =
    list === 'tools' && member.prefix !== undefined
      ? { outward: { uri: (own: string) => wireUri(member, own) } }
      : {}
  return items.flatMap(item => {
    const wire = isNamed ? wireName(member, item.own) : wireUri(member, item.own)
    if (isNamed && !mayBeNamed(server, wire)) return []
    return [renamed(item, wire, { key, ...outward })]
  })
}
