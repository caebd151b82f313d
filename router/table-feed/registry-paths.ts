// Paths in documents, of a registry file or of certificate authorities, are written relative to the documents' folder, so that it
// can be moved as a whole.
// The table's version stays that of the documents: routers on several machines must agree on it.
import { resolve } from 'node:path'
import { deepFreeze } from '#routes/compile/freeze-table.ts'
import type { ClusterPolicy, RouteTable } from '#routes/route-table.ts'

export function replaceRegistryPaths(table: RouteTable, directory: string): RouteTable {
  const clusters: Record<string, ClusterPolicy> = Object.create(null)
  for (const [name, cluster] of Object.entries(table.clusters))
    clusters[name] = withPaths(cluster, directory)
  return deepFreeze({ ...table, clusters })
}

function withPaths(cluster: ClusterPolicy, directory: string): ClusterPolicy {
  const { discovery, tls } = cluster
  const isRegistry = discovery.kind === 'registry'
  if (!isRegistry && tls?.ca === undefined) return cluster
  return {
    ...cluster,
    ...(isRegistry
      ? { discovery: { ...discovery, file: resolve(directory, discovery.file) } }
      : {}),
    ...(tls?.ca === undefined ? {} : { tls: { ...tls, ca: resolve(directory, tls.ca) } }),
  }
}
