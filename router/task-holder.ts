// The replica that made a task is asked of it, whichever router the question comes to: the id that its caller holds says which.
import {
  isLost,
  notInTable,
  type ReplicaChoice,
  type ReplicaPorts,
  replicaAt,
  unavailable,
} from './choose-replica.ts'
import type { Forwardable } from './stages/forward.ts'

/**
 * Undefined where any replica may be asked: for what is no task, and for one whose replica discovery has taken out for good. Where tasks are kept in
 * a store that all share another one knows it; else that one says the truth, that there is no such task any more. Of a replica that is only
 * down that would be a lie, for which a caller begins its work again.
 */
export function holderChoice(
  { active }: Pick<ReplicaPorts, 'active'>,
  call: Readonly<Forwardable>,
  tried: ReadonlySet<string>,
): ReplicaChoice | Promise<ReplicaChoice> | undefined {
  const { holder } = call
  if (holder === undefined) return undefined
  const { name } = call.cluster
  const cluster = active.cluster(name)
  if (cluster === undefined) return { kind: 'refuse', refusal: notInTable(name) }
  if (cluster.snapshot === undefined)
    return refused(`Cluster "${name}" has not heard from discovery yet.`)
  const endpoint = cluster.endpoint(holder)
  if (endpoint === undefined || endpoint.isRemoved) return undefined
  const speaks = endpoint.learned?.eras.includes('modern') === true
  if (isLost(endpoint) || !speaks || tried.has(holder))
    return refused('The replica that holds the task cannot be asked now; the task may go on there.')
  return replicaAt(call, { cluster, endpoint, isBound: false, era: 'modern' })
}

const refused = (says: string): ReplicaChoice => ({ kind: 'refuse', refusal: unavailable(says) })
