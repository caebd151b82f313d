// A registry file's path is written relative to the folder of the documents, so that the folder can be moved as a whole.
// The table's version stays that of the documents: routers on several machines must agree on it.
import { resolve } from 'node:path'
import { deepFreeze } from '#routes/compile/freeze-table.ts'
import type { ClusterPolicy, RouteTable } from '#routes/route-table.ts'

export function replaceRegistryPaths(table: RouteTable, directory: string): RouteTable {
  const clusters: Record<string, ClusterPolicy> = Object.create(null)
  for (const [name, cluster] of Object.entries(table.clusters))
    clusters[name] = withRegistryPath(cluster, directory)
  return deepFreeze({ ...table, clusters })
}

function withRegistryPath(cluster: ClusterPolicy, directory: string): ClusterPolicy {
  const { discovery } = cluster
  if (discovery.kind !== 'registry') return cluster
  return { ...cluster, discovery: { ...discovery, file: resolve(directory, discovery.file) } }
}
