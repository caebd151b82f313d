// What a `Tool` document allows and its cluster cannot give. Where more replicas may come by themselves it is no mistake.
import { parseDuration } from '#foundation/duration.ts'
import type { ClusterDocument } from '#routes/schema/cluster.ts'
import type { ToolDocument } from '#routes/schema/tool.ts'
import { deadlinePolicy } from './deadline.ts'
import { isRetried } from './idle.ts'
import type { Finding } from './rules.ts'

type Tool = ToolDocument['spec']
type Cluster = ClusterDocument['spec']

const REPLAY = ['spec', 'replay'] as const
const HEDGE = ['spec', 'hedge'] as const

/** `of`: undefined where the cluster's own document is not sound, of which nothing can be said. */
export const idleToolFindings = (tool: Tool, of: Cluster | undefined): Finding[] => {
  const findings = [replayFinding(tool, of), hedgeFinding(tool, of)].filter(
    one => one !== undefined,
  )
  return findings.length > 0 ? findings : aloneFindings(tool, of)
}

function replayFinding(
  { cluster, replay, hedge }: Tool,
  of: Cluster | undefined,
): Finding | undefined {
  if (replay !== 'safe' || of === undefined) return undefined
  // What replicas say of a tool is believed where they all say it.
  if (of.toolLists === 'any') {
    const says = `has no effect at cluster "${cluster}", whose replicas need not list the same tools (toolLists: any)`
    return { path: REPLAY, says }
  }
  if (hedge !== undefined || isRetried(of.retry)) return undefined
  const says = `has no effect at cluster "${cluster}", which sends no call twice (\`retry\`); remove it, or let it retry`
  return { path: REPLAY, says }
}

function hedgeFinding(tool: Tool, of: Cluster | undefined): Finding | undefined {
  const { cluster, effect, replay, hedge } = tool
  if (hedge === undefined) return undefined
  // Two runs at once are for what changes nothing, and where no run is recorded before it begins.
  if (effect !== 'read' || replay !== 'safe')
    return {
      path: HEDGE,
      at: 'key',
      says: 'needs `effect: read` and `replay: safe`: both replicas may run it',
    }
  if (of === undefined) return undefined
  if (of.assurance === 'high')
    return {
      path: HEDGE,
      at: 'key',
      says: `has no place at cluster "${cluster}", whose assurance is high`,
    }
  // A legacy replica has to be told that nobody waits any more, and may not listen.
  if (of.eras !== undefined && !of.eras.includes('modern'))
    return {
      path: HEDGE,
      at: 'key',
      says: `has no effect at cluster "${cluster}", whose replicas speak the legacy era only (eras)`,
    }
  return lateFinding(hedge.after, cluster, of)
}

/** By then the first replica has answered, or will not any more. */
function lateFinding(after: string, cluster: string, of: Cluster): Finding | undefined {
  const afterMs = parseDuration(after) // undefined: p95, which nobody knows yet
  if (afterMs === undefined) return undefined
  const { timeouts, deadline } = of
  const isOver = deadline !== undefined && afterMs >= deadlinePolicy(of).defaultMs
  const limit = isOver ? `a call is over after ${deadline.default} (deadline.default)` : undefined
  const isSilent = afterMs >= (parseDuration(timeouts.firstByte) ?? Number.POSITIVE_INFINITY)
  const silence = `a replica has ${timeouts.firstByte} for its first byte (timeouts.firstByte)`
  const why = limit ?? (isSilent ? silence : undefined)
  if (why === undefined) return undefined
  const says = `has no effect at cluster "${cluster}", where ${why}; it must be shorter`
  return { path: [...HEDGE, 'after'], says }
}

/** A URL may be moved, and a second one be written: a warning. */
function aloneFindings({ cluster, replay, hedge }: Tool, of: Cluster | undefined): Finding[] {
  if (replay !== 'safe' || of?.discovery.endpoints?.length !== 1) return []
  const says = `has no effect while cluster "${cluster}" has one replica: no call goes to the same one again`
  const path = hedge === undefined ? REPLAY : HEDGE
  return [{ path, says, severity: 'warning', ...(hedge === undefined ? {} : { at: 'key' }) }]
}
