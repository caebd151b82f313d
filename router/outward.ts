// What several clusters call their own things, as the callers of one virtual server name them: URIs by prefix, task ids sealed.
import type { Sealer } from '#foundation/seal.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { type Owned, wireUri } from '#routes/wire-names.ts'
import { isRecord } from './eras/message.ts'
import { META, TASKS } from './eras/versions.ts'
import type { Decoded, Located, Outward } from './facts.ts'
import { subjectOf } from './methods.ts'
import { isAlone } from './stages/owners.ts'

const purpose = ({ name }: VirtualServerPolicy): string => `task ${name}`

/** Whose task it is, and what its owner calls it. */
export function openTask(
  sealer: Sealer,
  server: VirtualServerPolicy,
  wireId: string,
): Owned | undefined {
  const sealed = sealer.open(purpose(server), wireId) as SealedTask | undefined // sealed by us, so of this shape
  if (sealed === undefined) return undefined
  const [cluster, own] = sealed
  const member = server.members.find(candidate => candidate.cluster === cluster)
  return member && { member, own }
}

type SealedTask = readonly [cluster: string, own: string]

/** Undefined where the answer goes out as it comes. */
export function outwardOf(
  sealer: Sealer,
  call: Decoded & Located,
  { member, own }: Owned,
): Outward | undefined {
  if (isAlone(call.server)) return undefined
  const uri = member.prefix === undefined ? {} : { uri: (its: string) => wireUri(member, its) }
  if (!mayMakeTasks(call)) return member.prefix === undefined ? undefined : uri
  const asked = subjectOf(call.message)
  return {
    ...uri,
    // One that was asked for is told as it was asked for: sealed anew it would look like another.
    taskId: its =>
      asked?.kind === 'task' && its === own
        ? asked.name
        : sealer.seal(purpose(call.server), [member.cluster, its] satisfies SealedTask),
  }
}

/** A task is only made for a caller that said it knows them (SEP-2663), and only a tool or a task tells of one. */
function mayMakeTasks({ era, message }: Decoded): boolean {
  const kind = subjectOf(message)?.kind
  if (era !== 'modern' || (kind !== 'tool' && kind !== 'task')) return false
  const capabilities = message.meta[META.clientCapabilities]
  const extensions = isRecord(capabilities) ? capabilities['extensions'] : undefined
  return kind === 'task' || (isRecord(extensions) && TASKS in extensions)
}
