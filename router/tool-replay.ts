// Whether a call of a tool may run twice: policy says so, and the replicas that serve this era say so of their own tool as well.
// Their word alone is a hint, and policy alone may have another tool in mind.
import { toolPolicyOf } from '#routes/match-tool.ts'
import type { Era } from '#routes/route-table.ts'
import type { ActiveTable } from './active-table.ts'

export function isReplayable(
  active: Pick<ActiveTable, 'table' | 'cluster'>,
  tool: { readonly era: Era; readonly cluster: string; readonly name: string },
): boolean {
  const { era, cluster, name } = tool
  if (toolPolicyOf(active.table.tools[cluster], name)?.replay !== 'safe') return false
  return active.cluster(cluster)?.agreedTool(era, name)?.isRepeatable === true
}
