// Whether a call of a tool may run twice: policy says so, and the replicas that serve this caller say so of their own tool as well.
// Their word alone is a hint, and policy alone may have another tool in mind.
import { toolPolicyOf } from '#routes/match-tool.ts'
import type { Era } from '#routes/route-table.ts'
import type { ActiveTable } from './active-table.ts'
import type { Resolved } from './facts.ts'

interface Tool {
  readonly era: Era
  readonly cluster: string
  readonly name: string
}

export function replayOf(
  active: Pick<ActiveTable, 'table' | 'cluster'>,
  { era, cluster, name }: Tool,
): Pick<Resolved, 'isReplayable' | 'hedge'> {
  const policy = toolPolicyOf(active.table.tools[cluster], name)
  if (policy?.replay !== 'safe') return ONCE
  const replicas = active.cluster(cluster)
  const spoken = replicas?.eraFor(era)
  const facts = spoken && replicas?.agreedTool(spoken, name)
  if (facts?.isRepeatable !== true) return ONCE
  // A legacy replica has to be told that nobody waits any more, and may not listen.
  const mayHedge = policy.hedge !== undefined && facts.isReadOnly === true && spoken === 'modern'
  return mayHedge ? { isReplayable: true, hedge: policy.hedge } : AGAIN
}

const ONCE = Object.freeze({ isReplayable: false })
const AGAIN = Object.freeze({ isReplayable: true })
