// A merged page as the callers of one virtual server see it: names and URIs on the wire, and one sealed cursor for all clusters.
import type { Sealer } from '#foundation/seal.ts'
import { type EncodedList, renamed } from '#router/eras/item-list.ts'
import type { Decoded, Located } from '#router/facts.ts'
import { type LeftOut, type Listed, listedBy } from '#router/methods.ts'
import { portableName } from '#router/shims/portable-names.ts'
import { has, shownTool } from '#router/shims/shims.ts'
import type { Continuation, MergedList, Page, Part } from '#router/stages/gather.ts'
import type { VirtualServerMember } from '#routes/route-table.ts'
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

/** What else bears a plain name, in a server that joins clusters under plain names: then it is nobody's, as a call of it is. */
export interface Rivals {
  /** Another one where the answer below may be another. */
  readonly version: string
  readonly offers: (cluster: string, own: string) => boolean
}

/** What a list leaves out of what one cluster offers. Told when it is written, and seldom twice. */
export interface LeftOutOf {
  readonly server: string
  readonly cluster: string
  readonly list: Listed['member']
  /** To whom alone. */
  readonly assistant?: string
  /** Of which page. */
  readonly cursor?: string
  /** Empty where nothing is left out any more. */
  readonly leftOut: readonly LeftOut[]
}

interface MergedListPorts {
  readonly sealer: Sealer
  readonly client: object
  readonly onLeftOut?: (what: LeftOutOf) => void
}

interface Written {
  readonly version: string
  readonly definitions: Buffer
}

/** Names and URIs are written once for each page and prefix, and joined each time. */
export class MergedLists {
  readonly #ports: MergedListPorts
  /** By page, and then by who shows it: bounded by the servers and prefixes of the tables in force while the page is kept. */
  readonly #written = new WeakMap<Page, Map<string, Written>>()

  constructor(ports: MergedListPorts) {
    this.#ports = ports
  }

  join(
    call: Asked,
    { parts, rest, unavailable }: MergedList,
    {
      rivals,
      mayBePublic,
    }: {
      readonly rivals?: Rivals | undefined
      readonly mayBePublic: (member: VirtualServerMember) => boolean
    },
  ): EncodedList {
    const { sealer, client } = this.#ports
    const listed = listedBy(call.message.method) as Listed // only lists come this way
    const isPublic = parts.every(({ member, page }) => page.isPublic && mayBePublic(member))
    return {
      member: listed.member,
      items: parts
        .map(part => this.#definitionsOf(call, part, { listed, rivals }))
        .filter(({ length }) => length > 0),
      unavailable,
      serverInfo: { ...client },
      // A list that lacks somebody's part should not be kept.
      ttlMs: unavailable.length > 0 ? 0 : leastLeftMs(parts),
      isPublic: parts.length > 0 && isPublic,
      ...(rest.length === 0 ? {} : { nextCursor: sealer.seal(purpose(call), rest) }),
    }
  }

  #definitionsOf(
    call: Asked,
    part: Part,
    { listed, rivals }: { readonly listed: Listed; readonly rivals: Rivals | undefined },
  ): Buffer {
    const { server, assistant } = call
    const { member, page, cursor } = part
    const { onLeftOut } = this.#ports
    const version = rivals?.version ?? ''
    const written = this.#written.get(page) ?? new Map<string, Written>()
    this.#written.set(page, written)
    const how = JSON.stringify([member.prefix, server.names, server.name, assistant?.shims])
    const known = written.get(how)
    if (known?.version === version) return known.definitions
    const isRivalled = (own: string): boolean =>
      rivals !== undefined &&
      server.members.some(
        other => other.cluster !== member.cluster && rivals.offers(other.cluster, own),
      )
    const { definitions, leftOut } = definitionsOf(call, part, { ...listed, isRivalled })
    written.set(how, { version, definitions })
    const all = [...(page.leftOut ?? []), ...leftOut]
    onLeftOut?.({
      server: server.name,
      cluster: member.cluster,
      list: listed.member,
      leftOut: all,
      ...(assistant === undefined ? {} : { assistant: assistant.name }),
      ...(cursor === undefined ? {} : { cursor }),
    })
    return definitions
  }
}

const leastLeftMs = (parts: readonly Part[]): number =>
  parts.length === 0 ? 0 : Math.floor(Math.min(...parts.map(({ leftMs }) => leftMs)))

/** As callers of this server know them, with commas between; without those that it may not name. */
function definitionsOf(
  { server, assistant }: Asked,
  { member, page: { items } }: Part,
  { key, member: list, isRivalled }: Listed & { readonly isRivalled: (own: string) => boolean },
): { readonly definitions: Buffer; readonly leftOut: readonly LeftOut[] } {
  const isNamed = key === 'name'
  const outward =
    list === 'tools' && member.prefix !== undefined
      ? { outward: { uri: (own: string) => wireUri(member, own) } }
      : {}
  const wireFor = (own: string): string | undefined => {
    const wire = wireName(member, own)
    if (!mayBeNamed(server, wire)) return undefined
    return has(assistant, 'portable-names') ? portableName(server, member, own) : wire
  }
  const pieces: Buffer[] = []
  const leftOut: LeftOut[] = []
  for (const item of items) {
    const { own } = item
    const wire = isNamed ? wireFor(own) : wireUri(member, own)
    if (wire === undefined) leftOut.push({ own, why: 'its name is not portable' })
    else if (isRivalled(own))
      leftOut.push({ own, why: 'another cluster offers the same plain name' })
    else {
      if (pieces.length > 0) pieces.push(COMMA)
      const definition = renamed(item, wire, { key, ...outward })
      pieces.push(list === 'tools' ? shownTool(assistant, definition) : definition)
    }
  }
  return { definitions: Buffer.concat(pieces), leftOut }
}

const COMMA = Buffer.from(',')
