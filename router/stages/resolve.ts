// From the tool's name on the wire to the cluster that has it and the name it has there.
// A name that belongs to no cluster and one that no replica offers look the same to the caller.
import type { Decoded, Located, McpAnswer, Recorded, Resolved } from '#router/facts.ts'
import { go, refuse, type Stage } from '#router/pipeline/stage.ts'
import {
  type ClusterPolicy,
  NAME_SEPARATOR,
  type VirtualServerPolicy,
} from '#routes/route-table.ts'

export interface Offers {
  readonly cluster: (name: string) => ClusterPolicy | undefined
  /** Whether a replica in service offers a tool of this own name. */
  readonly offers: (cluster: string, toolName: string) => boolean
}

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
    call.trail.cluster = cluster.name
    if (table.offers(cluster.name, owner.toolName)) call.trail.tool = owner.toolName
    return go({ cluster, toolName: owner.toolName })
  },
})

interface Owner {
  readonly cluster: string
  readonly toolName: string
}

function ownersOf(server: VirtualServerPolicy, wireName: string, table: Offers): readonly Owner[] {
  const [only] = server.members
  if (server.naming === 'plain') {
    if (server.members.length === 1 && only !== undefined)
      return [{ cluster: only.cluster, toolName: wireName }]
    return server.members
      .filter(member => table.offers(member.cluster, wireName))
      .map(member => ({ cluster: member.cluster, toolName: wireName }))
  }
  const at = wireName.indexOf(NAME_SEPARATOR)
  if (at <= 0) return []
  const prefix = wireName.slice(0, at)
  const member = server.members.find(candidate => candidate.prefix === prefix)
  return member === undefined
    ? []
    : [{ cluster: member.cluster, toolName: wireName.slice(at + NAME_SEPARATOR.length) }]
}
