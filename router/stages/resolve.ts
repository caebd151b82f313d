// From what a caller names to the cluster that owns it and the name it has there.
// What belongs to no cluster and what no replica offers look the same to the caller.
import type { RefusalCode } from '#foundation/refusals.ts'
import type {
  Arrived,
  Decoded,
  Located,
  McpAnswer,
  OutwardOf,
  Recorded,
  Reshape,
  Resolved,
  Rounds,
} from '#router/facts.ts'
import { isLaterRound, isRepeatableRead, type Subject, subjectOf } from '#router/methods.ts'
import { go, type Refusal, refuse, type Stage, type Verdict } from '#router/pipeline/stage.ts'
import type { ToolFacts } from '#router/tool-facts.ts'
import type { ClusterPolicy, Era } from '#routes/route-table.ts'
import type { Owned } from '#routes/wire-names.ts'
import { type Catalog, ownersOf } from './owners.ts'

export interface Offers extends Catalog {
  readonly cluster: (name: string) => ClusterPolicy | undefined
  /** Why this caller may not ask for it: it has not said that it can do what that takes. */
  readonly missing: (call: Decoded, subject: Subject) => Refusal | undefined
  /** Whether a call of a tool may run twice, and twice at once, by policy and by what the replicas of this era say. */
  readonly replay: (tool: {
    readonly era: Era
    readonly cluster: string
    readonly name: string
  }) => Replay
  /** Holds the arguments that the tool mirrors against the headers that came, and writes those that go. */
  readonly mirror: (tool: ToolFacts | undefined, call: Decoded) => Mirrored
  /** Opens what came back from the round before; undefined where there are no rounds. */
  readonly rounds: (call: Decoded & Located, owned: Owned) => Rounds | Refusal | undefined
  /** How the caller names what the answer of this owner may speak of. */
  readonly outward: (call: Decoded & Located, owned: Owned) => OutwardOf | undefined
  /** How its caller needs the answers. */
  readonly reshape: (call: Decoded & Located) => Reshape | undefined
}

type Replay = Pick<Resolved, 'isReplayable' | 'hedge'>

export type Mirrored =
  /** `dropped`: headers that no argument of this tool is mirrored into. `isUnchecked`: which these are is not known. */
  | {
      readonly kind: 'ok'
      readonly headers: Resolved['mirroredHeaders']
      readonly dropped: number
      readonly isUnchecked?: true
    }
  | { readonly kind: 'mismatch'; readonly header: string; readonly says: string }

type Resolving = Readonly<Arrived & Decoded & Located & Recorded>
type Resolution = Verdict<Resolved, McpAnswer>

export const resolve = (
  table: Offers,
): Stage<McpAnswer, Arrived & Decoded & Located & Recorded, Resolved> => ({
  name: 'resolve',
  decide: call => {
    const subject = subjectOf(call.message) as Subject // `decode` lets no call without one pass
    const missing = table.missing(call, subject)
    if (missing !== undefined) return { kind: 'refuse', refusal: missing }
    const owners = ownersOf(call, subject, table)
    const decided = (found: readonly Owned[]): Resolution => resolved(call, subject, found, table)
    return owners instanceof Promise ? owners.then(decided) : decided(owners)
  },
})

function resolved(
  call: Resolving,
  subject: Subject,
  [owner, rival]: readonly Owned[],
  table: Offers,
): Resolution {
  if (owner === undefined) return refuse(unknown(subject))
  if (rival !== undefined) {
    return refuse(unknown(subject), {
      says: 'More than one cluster offers it under this plain name, so it is offered under none.',
      detail: `${subject.name}: ${owner.member.cluster} and ${rival.member.cluster}`,
    })
  }
  const cluster = table.cluster(owner.member.cluster)
  if (cluster === undefined)
    return refuse('RINGMAIN_NO_HEALTHY_REPLICA', {
      detail: `${owner.member.cluster} is not in the table`,
    })
  call.trail.cluster = cluster.name
  const facts =
    subject.kind === 'tool' ? toolFacts(call, cluster, owner.own, table) : readFacts(call)
  if ('code' in facts) return { kind: 'refuse', refusal: facts }
  const rounds = table.rounds(call, owner)
  if (rounds !== undefined && 'code' in rounds) return { kind: 'refuse', refusal: rounds }
  const outward = table.outward(call, owner)
  const reshape = table.reshape(call)
  return go({
    cluster,
    ownName: owner.own,
    ...facts,
    ...(rounds === undefined ? {} : { rounds }),
    ...(outward === undefined ? {} : { outward }),
    ...(reshape === undefined ? {} : { reshape }),
    ...(owner.holder === undefined ? {} : { holder: owner.holder }),
  })
}

const unknown = ({ kind }: Subject): RefusalCode =>
  kind === 'tool' ? 'RINGMAIN_UNKNOWN_TOOL' : 'RINGMAIN_NOT_OFFERED'

type CallFacts = Replay & Pick<Resolved, 'mirroredHeaders'>

function toolFacts(
  call: Resolving,
  { name: cluster }: ClusterPolicy,
  name: string,
  table: Offers,
): CallFacts | Refusal {
  const { trail, era, message } = call
  const tool = table.tool(cluster, name)
  // A list leaves it out, and no client could write its headers.
  if (tool === 'broken') return { code: 'RINGMAIN_UNKNOWN_TOOL' }
  if (tool !== undefined) trail.tool = name
  const mirrored = table.mirror(tool, call)
  if (mirrored.kind === 'mismatch')
    return { code: 'RINGMAIN_HEADER_MISMATCH', says: `${mirrored.header}: ${mirrored.says}` }
  if (mirrored.dropped > 0) trail.droppedParams = mirrored.dropped
  if (mirrored.isUnchecked === true) trail.isUnchecked = true
  const replay = isLaterRound(message.params) ? ONCE : table.replay({ era, cluster, name })
  return { mirroredHeaders: mirrored.headers, ...replay }
}

const ONCE: Replay = { isReplayable: false }

/** Only tools mirror arguments. What is no tool is read without a word of policy, since the specification says of it what a tool's document must. */
function readFacts({ message, paramHeaders, trail }: Resolving): CallFacts {
  if (paramHeaders.length > 0) trail.droppedParams = paramHeaders.length
  return { mirroredHeaders: [], isReplayable: isRepeatableRead(message) }
}
