// A merged page as the callers of one virtual server see it: names and URIs on the wire, and one sealed cursor for all clusters.
import type { Sealer } from '#foundation/seal.ts'
import { encodeList, renamed } from '#router/eras/item-list.ts'
import type { Decoded, Located } from '#router/facts.ts'
import { type Listed, listedBy } from '#router/methods.ts'
import type { Continuation, MergedList, Page, Part } from '#router/stages/gather.ts'
import type { VirtualServerMember, VirtualServerPolicy } from '#routes/route-table.ts'
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

/** Names and URIs are written once for each page and prefix, and joined each time. */
export class MergedLists {
  readonly #ports: { readonly sealer: Sealer; readonly client: object }
  /** By page, and then by what names depend on: bounded by the prefixes of the table in force while the page is kept. */
  readonly #written = new WeakMap<Page, Map<string, Buffer>>()

  constructor(ports: { readonly sealer: Sealer; readonly client: object }) {
    this.#ports = ports
  }

  encode(
    call: Asked,
    { parts, rest, unavailable }: MergedList,
    mayBePublic: (member: VirtualServerMember) => boolean,
  ): readonly Buffer[] {
    const { sealer, client } = this.#ports
    const listed = listedBy(call.message.method) as Listed // only lists come this way
    const isPublic = parts.every(({ member, page }) => page.isPublic && mayBePublic(member))
    return encodeList(call.era, {
      member: listed.member,
      items: parts
        .map(part => this.#definitionsOf(call.server, part, listed))
        .filter(({ length }) => length > 0),
      unavailable,
      serverInfo: { ...client },
      // A list that lacks somebody's part should not be kept.
      ttlMs: unavailable.length > 0 ? 0 : leastLeftMs(parts),
      isPublic: parts.length > 0 && isPublic,
      ...(rest.length === 0 ? {} : { nextCursor: sealer.seal(purpose(call), rest) }),
    })
  }

  #definitionsOf(server: VirtualServerPolicy, part: Part, listed: Listed): Buffer {
    const { member, page } = part
    const written = this.#written.get(page) ?? new Map<string, Buffer>()
    this.#written.set(page, written)
    const how = JSON.stringify([member.prefix, server.names])
    const known = written.get(how) ?? definitionsOf(server, part, listed)
    written.set(how, known)
    return known
  }
}

const leastLeftMs = (parts: readonly Part[]): number =>
  parts.length === 0 ? 0 : Math.floor(Math.min(...parts.map(({ leftMs }) => leftMs)))

/** As callers of this server know them, with commas between; without those that it may not name. */
function definitionsOf(
  server: VirtualServerPolicy,
  { member, page: { items } }: Part,
  { key, member: list }: Listed,
): Buffer {
  const isNamed = key === 'name'
  const outward =
    list === 'tools' && member.prefix !== undefined
      ? { outward: { uri: (own: string) => wireUri(member, own) } }
      : {}
  const pieces: Buffer[] = []
  for (const item of items) {
    const wire = isNamed ? wireName(member, item.own) : wireUri(member, item.own)
    if (isNamed && !mayBeNamed(server, wire)) continue
    if (pieces.length > 0) pieces.push(COMMA)
    pieces.push(renamed(item, wire, { key, ...outward }))
  }
  return Buffer.concat(pieces)
}

const COMMA = Buffer.from(',')
