// The active check: does this replica still speak MCP? A modern one is asked `server/discover`; a legacy one gets a session of the
// router's own that is pinged and ended again. 401 means alive. A plain GET is used only where the document names a path.
import type { Learned } from '#router/clusters/endpoint.ts'
import type { Check, CheckResult } from '#router/clusters/health/checker.ts'
import type { ClusterPolicy, Era } from '#routes/route-table.ts'
import {
  ALIVE,
  type Legacy,
  type Modern,
  notAlive,
  Probe,
  type ProbeMeans,
  type ProbePorts,
} from './mcp-probe.ts'
import { type ToolList, toolsOf } from './read-tools.ts'

export type CheckPorts = ProbePorts

export const createCheck = (policy: ClusterPolicy, ports: CheckPorts): Check => {
  const means: ProbeMeans = { policy, ports, rests: new WeakMap(), newest: {} } // bounded by the endpoints that live
  return async (endpoint, isDeep) => {
    const connections = ports.pools.forCheck(endpoint)
    try {
      return await checked(new Probe(endpoint, connections, means), isDeep)
    } finally {
      connections.end()
    }
  }
}

async function checked(probe: Probe, isDeep: boolean): Promise<CheckResult> {
  const { path } = probe.policy.health
  if (path === undefined) return isDeep ? learn(probe) : proveLife(probe)
  const plain = await probe.plain(path)
  return plain.ok && isDeep ? learnOr(probe, probe.policy.eras) : plain
}

/** The document's path proves life; what the replica speaks is asked, and taken from the document where it does not tell. */
async function learnOr(probe: Probe, pinned: readonly Era[] | undefined): Promise<CheckResult> {
  const learned = await learn(probe)
  if (learned.ok || pinned === undefined) return learned
  return { ok: true, learned: assumed(probe, pinned), isPartial: true }
}

async function proveLife(probe: Probe): Promise<CheckResult> {
  if (probe.endpoint.learned?.eras.includes('modern') === true) {
    const modern = await probe.modern()
    if (modern.kind === 'failed') return modern.result
    return modern.kind === 'not_modern' ? learn(probe) : ALIVE
  }
  const legacy = await probe.legacy(session => probe.ping(session))
  return legacy.kind === 'open' ? legacy.found : legacy.result
}

async function learn(probe: Probe): Promise<CheckResult> {
  probe.deepen()
  const modern = await probe.modern()
  if (modern.kind === 'failed') return modern.result
  if (modern.kind === 'guarded') return guarded(probe)
  const isModern = modern.kind === 'modern'
  const legacy = await probe.legacy(async session => (isModern ? undefined : probe.tools(session)))
  if (modern.kind === 'not_modern') {
    if (legacy.kind === 'guarded') return guarded(probe)
    if (legacy.kind !== 'open' && !legacy.result.ok) return legacy.result
  }
  const inSession = legacy.kind === 'open' ? legacy.found : undefined
  const list = isModern ? await probe.tools() : inSession
  return concluded(probe, { modern, legacy, list })
}

interface Shown {
  readonly modern: Exclude<Modern, { kind: 'failed' }>
  readonly legacy: Legacy<unknown>
  readonly list: ToolList | undefined
}

function concluded(probe: Probe, { modern, legacy, list }: Shown): CheckResult {
  const { policy, endpoint } = probe
  const known = endpoint.learned
  const eras = erasOf(probe, { modern, legacy })
  if (eras.length === 0)
    return notAlive('it answers 429 (too many requests), so its era cannot be found out yet')
  const wanted = policy.eras ?? eras
  const kept = eras.filter(era => wanted.includes(era))
  if (kept.length === 0) {
    if (legacy.kind !== 'open' && !legacy.result.ok) return legacy.result
    return notAlive(`it speaks ${eras.join(' and ')}, the document wants ${wanted.join(' or ')}`)
  }
  const isOpen = legacy.kind === 'open'
  const isLegacyUnasked = legacy.kind === 'unasked' && policy.eras?.includes('legacy') !== false
  const isPartial = modern.kind === 'busy' || isLegacyUnasked
  const before = eras.includes('legacy') ? known : undefined
  const legacyVersion = isOpen ? legacy.session.version : before?.legacyVersion
  const instructions =
    modern.instructions ??
    (isPartial ? known?.instructions : undefined) ??
    (isOpen ? legacy.session.instructions : undefined)
  // A list that was cut, or not told, is no evidence against the one before.
  const digest = list?.end === 'whole' ? list.digest : known?.toolsDigest
  const learned: Learned = {
    eras: kept,
    isSessionful: isOpen ? legacy.session.sessionId !== undefined : (before?.isSessionful ?? false),
    ...(legacyVersion === undefined ? {} : { legacyVersion }),
    ...(instructions === undefined ? {} : { instructions }),
    tools: toolsOf(list, known?.tools),
    ...(digest === undefined ? {} : { toolsDigest: digest }),
  }
  return isPartial || list?.end === 'cut'
    ? { ok: true, learned, isPartial: true }
    : { ok: true, learned }
}

/** An era that could not be asked for stands as it was known; one behind a guard as the document says, too. */
function erasOf({ policy, endpoint }: Probe, { modern, legacy }: Omit<Shown, 'list'>): Era[] {
  const known = endpoint.learned?.eras ?? []
  const eras: Era[] = []
  if (modern.kind === 'modern' || (modern.kind === 'busy' && known.includes('modern')))
    eras.push('modern')
  const supposed =
    legacy.kind === 'guarded' ? (policy.eras ?? endpoint.instance.eras ?? known) : known
  if (legacy.kind === 'open' || (legacy.kind !== 'not_legacy' && supposed.includes('legacy')))
    eras.push('legacy')
  return eras
}

/** Alive, but it tells strangers nothing: what it speaks must be known already, or be written down. */
function guarded(probe: Probe): CheckResult {
  const { policy, endpoint } = probe
  const eras = policy.eras ?? endpoint.instance.eras ?? endpoint.learned?.eras
  if (eras !== undefined) return { ok: true, learned: assumed(probe, eras) }
  return notAlive(
    'it asks for authorization, so its era cannot be found out; name it in the document (eras) or in rm-eras',
  )
}

const assumed = ({ endpoint }: Probe, eras: readonly Era[]): Learned => ({
  isSessionful: false,
  tools: new Map(),
  ...endpoint.learned,
  eras,
})
