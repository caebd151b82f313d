// Whether calls should be sent here, check by check, each with its reason.
import type { ReadyView } from '#foundation/admin-views.ts'
import { formatDuration } from '#foundation/duration.ts'
import type { ShownCluster } from './views.ts'

/** Of overload. */
const HIGHEST_LEVEL = 4

type ReadyCheck = ReadyView['checks'][number]

export interface ReadyState {
  readonly isDraining: boolean
  /** Ready all the same while a source has not been heard of: it has been waited for long enough, or was heard of before. */
  readonly isWarmEnough: boolean
  readonly virtualServers: number
  readonly overload: { readonly level: number; readonly says: string }
  /** Why the documents on disk are not what is served, and how long ago they last were. */
  readonly stale?: { readonly problem: string; readonly ageMs: number }
}

/**
 * Ready: not draining, something is offered, and every cluster has heard from its source or from disk and asked each replica once.
 * A cluster without a replica in service does not make the router unready: its calls are refused, the others are served.
 * Nor does overload, until no new connection is taken: who leaves gives all it has to the others, and they follow it.
 */
export function readyView(clusters: Iterable<ShownCluster>, state: ReadyState): ReadyView {
  const all = [...clusters]
  const sources = all.map(clusterCheck)
  const isWarm = state.isWarmEnough || all.every(isAsked)
  const draining = {
    id: 'draining',
    ok: !state.isDraining,
    detail: state.isDraining ? 'shutting down' : 'serving',
  }
  const overload = { id: 'overload', ok: state.overload.level === 0, detail: state.overload.says }
  const documents = documentsCheck(state)
  return {
    ready:
      isWarm && draining.ok && state.virtualServers > 0 && state.overload.level < HIGHEST_LEVEL,
    draining: state.isDraining,
    checks: [draining, overload, documents, ...sources],
  }
}

function documentsCheck({ stale, virtualServers }: ReadyState): ReadyCheck {
  const id = 'documents'
  if (stale !== undefined) {
    const age = formatDuration(stale.ageMs)
    const detail = `degraded: the table before them is served, ${age} old; ${stale.problem}`
    return { id, ok: false, detail }
  }
  if (virtualServers === 0) {
    return { id, ok: false, detail: 'no VirtualServer is defined, so nothing is offered; add one' }
  }
  return { id, ok: true, detail: `${virtualServers} virtual servers offered` }
}

/** Its source, or the last good set on disk, has been heard of, and each replica has been asked once. */
const isAsked = ({ snapshot, endpoints }: ShownCluster): boolean =>
  snapshot !== undefined && [...endpoints].every(endpoint => endpoint.health !== 'unknown')

function clusterCheck(cluster: ShownCluster): ReadyCheck {
  const { snapshot, policy } = cluster
  const endpoints = [...cluster.endpoints]
  const inService = endpoints.filter(
    endpoint => endpoint.health === 'up' && endpoint.instance.state === 'ready',
  )
  const found =
    snapshot === undefined
      ? 'nothing heard from discovery yet'
      : `${inService.length} of ${endpoints.length} replicas in service`
  const { problem } = cluster.discovery.status()
  return {
    id: `cluster/${policy.name}`,
    ok: isAsked(cluster) && inService.length > 0,
    detail: [
      found,
      ...(snapshot?.from === 'disk' ? ['from the last good set'] : []),
      ...(problem === undefined ? [] : [problem]),
    ].join('; '),
  }
}
