// Clusters and virtual servers → the frozen table with its version. Equal content gives an equal version, whatever the
// order of files, documents and keys; the order of lists counts, since callers see it.
import { createHash } from 'node:crypto'
import type { ClusterPolicy, RouteTable, VirtualServerPolicy } from '#routes/route-table.ts'

export function freezeTable(
  clusters: readonly ClusterPolicy[],
  virtualServers: readonly VirtualServerPolicy[],
  rules: Pick<RouteTable, 'tools' | 'assistants'>,
): RouteTable {
  const content = { clusters: byName(clusters), virtualServers: byName(virtualServers), ...rules }
  return deepFreeze({ version: digest(content), ...content })
}

/** No prototype: a name that comes from a caller must not find `constructor`. */
function byName<Policy extends { readonly name: string }>(
  policies: readonly Policy[],
): Record<string, Policy> {
  const record: Record<string, Policy> = Object.create(null)
  for (const policy of policies.toSorted((left, right) => (left.name < right.name ? -1 : 1)))
    record[policy.name] = policy
  return record
}

const digest = (content: unknown): string =>
  createHash('sha256').update(canonical(content)).digest('hex').slice(0, 16)

/** JSON with sorted keys. Absent and undefined are the same. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(
      Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)),
    )
  })
}

export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
