// What several clusters call their own things, as the callers of one virtual server name them: URIs by prefix, task ids sealed.
import type { Sealer } from '#foundation/seal.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { type Owned, wireUri } from '#routes/wire-names.ts'
import { isRecord } from './eras/message.ts'
import { META, TASKS } from './eras/versions.ts'
import type { Decoded, Located, OutwardOf } from './facts.ts'
import { type Subject, subjectOf } from './methods.ts'
import type { Refusal } from './pipeline/stage.ts'

const purpose = ({ name }: VirtualServerPolicy): string => `task ${name}`

/** Whose task it is, and what its owner calls it. */
export function openTask(
  sealer: Sealer,
  server: VirtualServerPolicy,
  wireId: string,
): Owned | undefined {
  const sealed = sealer.open(purpose(server), wireId) as SealedTask | undefined // sealed by us, so of this shape
  if (sealed === undefined) return undefined
  const [cluster, own, holder] = sealed
  const member = server.members.find(candidate => candidate.cluster === cluster)
  return member && { member, own, holder }
}

type SealedTask = readonly [cluster: string, own: string, holder: string]

/** Undefined where the answer goes out as it comes. */
export function outwardOf(
  sealer: Sealer,
  call: Decoded & Located,
  { member, own }: Owned,
): OutwardOf | undefined {
  const uri = member.prefix === undefined ? {} : { uri: (its: string) => wireUri(member, its) }
  if (!mayMakeTasks(call)) return member.prefix === undefined ? undefined : uri
  const asked = subjectOf(call.message)
  return {
    ...uri,
    // One that was asked for is told as it was asked for: sealed anew it would look like another.
    taskId: (its, endpoint) =>
      asked?.kind === 'task' && its === own
        ? asked.name
        : sealer.seal(purpose(call.server), [member.cluster, its, endpoint] satisfies SealedTask),
  }
}

/** A task is only made for a caller that said it knows them (SEP-2663), and only a tool or a task tells of one. */
function mayMakeTasks(call: Decoded): boolean {
  const kind = subjectOf(call.message)?.kind
  return call.era === 'modern' && (kind === 'task' || (kind === 'tool' && knowsTasks(call)))
}

/** With this very request. */
function knowsTasks({ message }: Decoded): boolean {
  const capabilities = message.meta[META.clientCapabilities]
  const extensions = isRecord(capabilities) ? capabilities['extensions'] : undefined
  return isRecord(extensions) && TASKS in extensions
}

/** Nobody is asked of a task for a client that has not said that it knows them (SEP-2663). */
export const tasksUndeclared = (call: Decoded, { kind }: Subject): Refusal | undefined =>
  kind === 'task' && !knowsTasks(call) ? TASKS_UNDECLARED : undefined

const TASKS_UNDECLARED: Refusal = {
  code: 'RINGMAIN_CAPABILITY_MISSING',
  data: { requiredCapabilities: { extensions: { [TASKS]: {} } } },
}
