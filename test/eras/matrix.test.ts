// Every caller before every tool server, a router between them, real ones in every cell: what works, what is refused, and what is
// neither yet. Without a router the same plays go well wherever both speak the same, which shows that they can.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type EverythingKind, startEverything } from '#test/support/everything/start.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { CALLERS, type CallerKind, callAs } from './callers.ts'
import { PLAY_NAMES, PLAYS, type Play } from './plays.ts'
import { type Cell, NOT_YET, nameOf, UPSTREAMS, type UpstreamKind, verdictOf } from './verdicts.ts'

const KINDS: Readonly<Record<UpstreamKind, EverythingKind>> = {
  'legacy session': 'legacy',
  'legacy stateless': 'stateless',
  modern: 'modern',
}
const servers = await Promise.all(UPSTREAMS.map(kind => startEverything(KINDS[kind])))
const serverOfKind = (kind: UpstreamKind) =>
  servers[UPSTREAMS.indexOf(kind)] ?? assert.fail(`no ${kind} server`)
const pathOf = (kind: UpstreamKind): string => kind.replace(' ', '-')

const router = await runRouter(
  documents(
    ...UPSTREAMS.map(kind => clusterOf(pathOf(kind), [serverOfKind(kind).url])),
    ...UPSTREAMS.map(kind =>
      serverOf(pathOf(kind), [pathOf(kind)], { criticality: 'critical_plus' }),
    ),
  ),
)
for (const kind of UPSTREAMS) await router.untilUp(pathOf(kind), 1)

after(async () => {
  await router.close()
  await Promise.all(servers.map(server => server.close()))
})

/** By when a cell has come to its verdict, however busy the machine is. */
const LIMIT_MS = 30_000
/** A cell of which nothing is expected is given less. */
const SILENT_LIMIT_MS = 2_000

/** `works`, `silent`, what the caller was told, or what it got that is wrong. */
async function outcomeOf(cell: Cell, url: string, limitMs = LIMIT_MS): Promise<string> {
  const leaving = new AbortController()
  const played = (async () => {
    await using caller = await callAs(cell.caller, url)
    const play: Play = PLAYS[cell.play]
    const left = new Promise<'silent'>(resolve =>
      leaving.signal.addEventListener('abort', () => resolve('silent'), { once: true }),
    )
    return await Promise.race([
      play(caller, serverOfKind(cell.upstream)).then(gave => (gave === 'silent' ? gave : 'works')),
      left,
    ])
  })().catch((error: unknown) => {
    const kind = error instanceof assert.AssertionError ? 'wrong' : 'refused'
    return `${kind}: ${(error as Error).message}`
  })
  const timer = new AbortController()
  const late = pause(limitMs, 'silent', { signal: timer.signal }).catch(() => 'silent')
  const outcome = await Promise.race([played, late])
  leaving.abort()
  timer.abort()
  return outcome
}

const cellsOf = (caller: CallerKind, upstream: UpstreamKind): readonly Cell[] =>
  PLAY_NAMES.map(play => ({ caller, upstream, play }))

/** No refusal of what was asked for: the caller was not let in at all, or told what went wrong. */
const NO_REFUSAL =
  /protocol era|Version negotiation|not implemented|OUTCOME_UNKNOWN|UPSTREAM_BAD_RESPONSE/

function isMet(cell: Cell, outcome: string): boolean {
  const verdict = verdictOf(cell)
  if (verdict === 'works') return outcome === verdict
  return outcome.startsWith(verdict.is) && !NO_REFUSAL.test(outcome)
}

for (const kind of ['legacy session', 'modern'] as const)
  test(`a ${kind} caller has all of a ${kind} tool server without a router`, async () => {
    const { url } = serverOfKind(kind)
    const outcomes = await Promise.all(cellsOf(kind, kind).map(cell => outcomeOf(cell, url)))
    assert.deepEqual(
      outcomes,
      PLAY_NAMES.map(() => 'works'),
    )
  })

for (const caller of CALLERS)
  for (const upstream of UPSTREAMS)
    test(`a ${caller} caller and a ${upstream} tool server`, async context => {
      const url = `${router.mcpUrl}/${pathOf(upstream)}`
      const wrong: string[] = []
      const look = async (cell: Cell): Promise<void> => {
        const isNotYet = NOT_YET.has(nameOf(cell))
        const verdict = verdictOf(cell)
        const isSilent = isNotYet || (verdict !== 'works' && verdict.is === 'silent')
        const outcome = await outcomeOf(cell, url, isSilent ? SILENT_LIMIT_MS : LIMIT_MS)
        context.diagnostic(`${cell.play}: ${outcome}`)
        if (isMet(cell, outcome) === isNotYet)
          wrong.push(`${nameOf(cell)}: ${outcome}${isNotYet ? ', so it must go from NOT_YET' : ''}`)
      }
      await Promise.all(cellsOf(caller, upstream).map(look))
      assert.deepEqual(wrong, [])
    })

test('nothing is said of a cell that there is not', () => {
  const all = CALLERS.flatMap(caller =>
    UPSTREAMS.flatMap(upstream => cellsOf(caller, upstream).map(nameOf)),
  )
  assert.deepEqual(
    [...NOT_YET].filter(name => !all.includes(name)),
    [],
  )
})
