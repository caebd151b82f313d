// From the tool's name on the wire to the cluster that has it and the name it has there.
// A name that belongs to no cluster and one that no replica offers look the same to the caller.
import type { Decoded, Located, McpAnswer, Recorded, Resolved, ToolFacts } from '#router/facts.ts'
import { go, refuse, type Stage } from '#router/pipeline/stage.ts'
import type { ClusterPolicy, Era, VirtualServerPolicy } from '#routes/route-table.ts'
import { mayBeNamed, ownerOfName } from '#routes/wire-names.ts'

export interface Offers {
  readonly cluster: (name: string) => ClusterPolicy | undefined
  /** What a replica in service tells of a tool of this own name; undefined when none offers it. */
  readonly tool: (cluster: string, toolName: string) => ToolFacts | 'broken' | undefined
  /** Whether a call of it may run twice, and twice at once, by policy and by what the replicas of this era say. */
  readonly replay: (tool: {
    readonly era: Era
    readonly cluster: string
    readonly name: string
  }) => Pick<Resolved, 'isReplayable' | 'hedge'>
  /** Holds the arguments that the tool mirrors against the headers that came, and writes those that go. */
  readonly mirror: (tool: ToolFacts | undefined, call: Decoded) => Mirrored
}

export type Mirrored =
  /** `dropped`: headers that no argument of this tool is mirrored into. `isUnchecked`: which these are is not known. */
  | {
      readonly kind: 'ok'
      readonly headers: Resolved['mirroredHeaders']
      readonly dropped: number
      readonly isUnchecked?: true
    }
  | { readonly kind: 'mismatch'; readonly header: string; readonly says: string }

export const resolve = (
  table: Offers,
): Stage<McpAnswer, Decoded & Located & Recorded, Resolved> => ({
  name: 'resolve',
  decide: call => {
    const wireName = call.message.params['name'] as string // `decode` lets no tool call without one pass
    const owners = ownersOf(call.server, wireName, table)
    const [owner, rival] = owners
    if (owner === undefined) return refuse('RINGMAIN_UNKNOWN_TOOL')
    if (rival !== undefined) {
      return refuse('RINGMAIN_UNKNOWN_TOOL', {
        says: 'More than one cluster offers it under this plain name, so it is offered under none.',
        detail: `${wireName}: ${owner.cluster} and ${rival.cluster}`,
      })
    }
    const cluster = table.cluster(owner.cluster)
    if (cluster === undefined)
      return refuse('RINGMAIN_NO_HEALTHY_REPLICA', {
        detail: `${owner.cluster} is not in the table`,
      })
    const { toolName } = owner
    call.trail.cluster = cluster.name
    const tool = table.tool(cluster.name, toolName)
    // A list leaves it out, and no client could write its headers.
    if (tool === 'broken') return refuse('RINGMAIN_UNKNOWN_TOOL')
    if (tool !== undefined) call.trail.tool = toolName
    const mirrored = table.mirror(tool, call)
    if (mirrored.kind === 'mismatch') {
      const { header, says } = mirrored
      return refuse('RINGMAIN_HEADER_MISMATCH', { says: `${header}: ${says}` })
    }
    if (mirrored.dropped > 0) call.trail.droppedParams = mirrored.dropped
    if (mirrored.isUnchecked === true) call.trail.isUnchecked = true
    const { era } = call
    const replay = table.replay({ era, cluster: cluster.name, name: toolName })
    return go({ cluster, toolName, mirroredHeaders: mirrored.headers, ...replay })
  },
})

interface Owner {
  readonly cluster: string
  readonly toolName: string
}

function ownersOf(server: VirtualServerPolicy, wireName: string, table: Offers): readonly Owner[] {
  if (!mayBeNamed(server, wireName)) return [] // no list shows it
  const [only] = server.members
  if (server.naming === 'plain') {
    if (server.members.length === 1 && only !== undefined)
      return [{ cluster: only.cluster, toolName: wireName }]
    return server.members
      .filter(member => isOffered(table, member.cluster, wireName))
      .map(member => ({ cluster: member.cluster, toolName: wireName }))
  }
  const owned = ownerOfName(server, wireName)
  return owned === undefined ? [] : [{ cluster: owned.member.cluster, toolName: owned.own }]
}

function isOffered(table: Offers, cluster: string, toolName: string): boolean {
  const tool = table.tool(cluster, toolName)
  return tool !== undefined && tool !== 'broken'
}
