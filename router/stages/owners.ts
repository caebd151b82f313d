// Who owns what a caller names: by the prefix of the name where it has one, else by what the clusters say that they offer.
import type { Arrived, Decoded, Located } from '#router/facts.ts'
import type { Subject } from '#router/methods.ts'
import type { ToolFacts } from '#router/tool-facts.ts'
import type { VirtualServerMember, VirtualServerPolicy } from '#routes/route-table.ts'
import { mayBeNamed, type Owned, ownerOfName, ownerOfUri } from '#routes/wire-names.ts'

export interface Catalog {
  /** What a replica in service tells of a tool of this own name; undefined when none offers it. */
  readonly tool: (cluster: string, name: string) => ToolFacts | 'broken' | undefined
  /** The members whose lists hold a prompt of this name or a resource of this URI, or a template that makes it. */
  readonly offering: (call: Asking, subject: Subject) => Promise<Owners>
  /** Whose tool or prompt it is, where its name was made for this assistant; undefined where it was not. */
  readonly renamed: (call: Asking, subject: Subject) => Promise<Owned | undefined> | undefined
  /** Whose task it is; undefined when no router with this key gave its id out for this server. */
  readonly task: (server: VirtualServerPolicy, wireId: string) => Owned | undefined
}

type Owners = readonly Owned[]
type Asking = Readonly<Arrived & Decoded & Located>
type Find = (call: Asking, subject: Subject, catalog: Catalog) => Owners | Promise<Owners>

/** None, one, or more where a plain name does not tell them apart. */
export function ownersOf(
  call: Asking,
  subject: Subject,
  catalog: Catalog,
): Owners | Promise<Owners> {
  const made = catalog.renamed(call, subject)
  if (made === undefined) return namedAsIs(call, subject, catalog)
  return made.then(owned => (owned === undefined ? namedAsIs(call, subject, catalog) : [owned]))
}

function namedAsIs(call: Asking, subject: Subject, catalog: Catalog): Owners | Promise<Owners> {
  const { server } = call
  const [only] = server.members
  if (only !== undefined && isAlone(server) && subject.kind !== 'task') {
    const isHidden = subject.kind === 'tool' || subject.kind === 'prompt'
    return isHidden && !mayBeNamed(server, subject.name)
      ? []
      : [{ member: only, own: subject.name }]
  }
  return FIND[subject.kind](call, subject, catalog)
}

/** Everything that it offers bears the names that one cluster gave. */
const isAlone = ({ members, naming }: VirtualServerPolicy): boolean =>
  naming === 'plain' && members.length === 1

const one = (owner: Owned | undefined): Owners => (owner === undefined ? [] : [owner])

const FIND: Readonly<Record<Subject['kind'], Find>> = {
  tool: ({ server }, { name }, catalog) => {
    if (!mayBeNamed(server, name)) return [] // no list shows it
    if (server.naming === 'prefix') return one(ownerOfName(server, name))
    return server.members
      .filter(({ cluster }) => isOffered(catalog.tool(cluster, name)))
      .map((member: VirtualServerMember) => ({ member, own: name }))
  },
  prompt: (call, subject, catalog) => {
    if (!mayBeNamed(call.server, subject.name)) return []
    return call.server.naming === 'prefix'
      ? one(ownerOfName(call.server, subject.name))
      : catalog.offering(call, subject)
  },
  resource: (call, subject, catalog) =>
    call.server.naming === 'prefix'
      ? one(ownerOfUri(call.server, subject.name))
      : catalog.offering(call, subject),
  task: ({ server }, { name }, catalog) => one(catalog.task(server, name)),
}

export const isOffered = (tool: ToolFacts | 'broken' | undefined): boolean =>
  tool !== undefined && tool !== 'broken'
