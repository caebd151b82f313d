// The active check: does this replica still speak MCP? A modern one is asked `server/discover`; a legacy one gets a session of the
// router's own that is pinged and ended again. 401 means alive. A plain GET is used only where the document names a path.
import { type KnownList, type Learned, MOST_MISSES } from '#router/clusters/endpoint.ts'
import type { Check, CheckResult } from '#router/clusters/health/checker.ts'
import type { ClusterPolicy, Era } from '#routes/route-table.ts'
import { KnownDefinitions } from './known-definitions.ts'
import {
  ALIVE,
  type Legacy,
  type Modern,
  notAlive,
  Probe,
  type ProbeMeans,
  type ProbePorts,
} from './mcp-probe.ts'
import { knownOf, type ToolList, toolsOf } from './read-tools.ts'

export type CheckPorts = ProbePorts

export const createCheck = (policy: ClusterPolicy, ports: CheckPorts): Check => {
  const means: ProbeMeans = {
    policy,
    ports,
    rests: new WeakMap(), // bounded by the endpoints that live
    newest: {},
    definitions: new KnownDefinitions(),
  }
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
  return assumed(probe, pinned, unread('cut', learned.reason))
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
  const wants = (era: Era): boolean => probe.policy.eras?.includes(era) !== false
  // One that is modern and is to be nothing else is not asked: some servers take a strange word amiss.
  const legacy: Legacy<ToolList | undefined> =
    modern.kind === 'modern' && !wants('legacy')
      ? { kind: 'not_legacy', result: ALIVE }
      : await probe.legacy(async session => (wants('legacy') ? probe.tools(session) : undefined))
  if (modern.kind === 'not_modern') {
    if (legacy.kind === 'guarded') return guarded(probe)
    if (legacy.kind !== 'open' && !legacy.result.ok) return legacy.result
  }
  const lists: Partial<Record<Era, ToolList>> = {}
  if (legacy.kind === 'guarded') lists.legacy = keptBack()
  if (legacy.kind === 'open' && legacy.found !== undefined) lists.legacy = legacy.found
  if (modern.kind === 'modern' && wants('modern')) {
    if (lists.legacy !== undefined) probe.lengthen()
    lists.modern = await probe.tools()
  }
  return concluded(probe, { modern, legacy, lists })
}

interface Shown {
  readonly modern: Exclude<Modern, { kind: 'failed' }>
  readonly legacy: Legacy<unknown>
  readonly lists: Readonly<Partial<Record<Era, ToolList>>>
}

function concluded(probe: Probe, { modern, legacy, lists }: Shown): CheckResult {
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
  const capabilities = {
    ...known?.capabilities,
    ...(modern.capabilities === undefined ? {} : { modern: modern.capabilities }),
    ...(isOpen && legacy.session.capabilities !== undefined
      ? { legacy: legacy.session.capabilities }
      : {}),
  }
  const list = kept.includes('modern') ? lists.modern : lists.legacy
  const listed = listsOf(probe, kept, lists)
  const learned: Learned = {
    eras: kept,
    isSessionful: isOpen ? legacy.session.sessionId !== undefined : (before?.isSessionful ?? false),
    ...(legacyVersion === undefined ? {} : { legacyVersion }),
    ...(instructions === undefined ? {} : { instructions }),
    ...(Object.keys(capabilities).length === 0 ? {} : { capabilities }),
    tools: toolsOf(list ?? unasked(), known?.tools),
    lists: listed.known,
  }
  return isPartial || listed.isOpen ? { ok: true, learned, isPartial: true } : { ok: true, learned }
}

const unread = (end: 'cut' | 'untold', problem: string): ToolList => ({
  end,
  tools: new Map(),
  problem,
})

const unasked = (): ToolList => unread('cut', 'it could not be asked for')

const keptBack = (): ToolList => unread('untold', 'it asks for authorization')

/** What is known of each list now; open while the next check may find out more. */
function listsOf(
  { endpoint }: Probe,
  eras: readonly Era[],
  read: Shown['lists'],
): { readonly known: Partial<Record<Era, KnownList>>; readonly isOpen: boolean } {
  const known: Partial<Record<Era, KnownList>> = {}
  let isOpen = false
  for (const era of eras) {
    const list = read[era] ?? unasked()
    const one = knownOf(list, endpoint.learned?.lists?.[era])
    known[era] = one
    if (list.end === 'cut' || (one.misses ?? MOST_MISSES) < MOST_MISSES) isOpen = true
  }
  return { known, isOpen }
}

/** An era that could not be asked for stands as it was known; one behind a guard as the document says, too. */
function erasOf({ policy, endpoint }: Probe, { modern, legacy }: Omit<Shown, 'lists'>): Era[] {
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
  if (eras !== undefined) return assumed(probe, eras, keptBack())
  return notAlive(
    'it asks for authorization, so its era cannot be found out; name it in the document (eras) or in rm-eras',
  )
}

/** Nothing could be learned now, and `list` stands for what its lists show: what was known stands. */
function assumed(probe: Probe, eras: readonly Era[], list: ToolList): CheckResult {
  const listed = listsOf(probe, eras, { modern: list, legacy: list })
  const learned: Learned = {
    isSessionful: false,
    tools: new Map(),
    ...probe.endpoint.learned,
    eras,
    lists: listed.known,
  }
  return listed.isOpen ? { ok: true, learned, isPartial: true } : { ok: true, learned }
}
