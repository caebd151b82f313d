// The router under thousands of accidents in virtual time: nothing that must not be happens, a seed plays the same again, and each thing
// that must not be is seen where it is brought about on purpose.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cluster } from '#router/clusters/cluster.ts'
import type { Connections } from '#router/upstream/pools.ts'
import type { FakeNet } from './fake-net.ts'
import { type Run, type Sabotage, simulate } from './simulate.ts'

const SEEDS = 200
/** Enough for any sabotage to meet what it needs. */
const ENOUGH = 30

test(`${SEEDS} seeds break nothing, and something happens in them`, async t => {
  const sums = {
    calls: 0,
    sentAgain: 0,
    ejections: 0,
    sessions: 0,
    lostSessions: 0,
    done: 0,
    not_done: 0,
    unknown: 0,
    left: 0,
  }
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { breach, trace, fates, ...counts } = await simulate(seed)
    assert.equal(breach, undefined, `seed ${seed}:\n${trace.slice(-20).join('\n')}`)
    for (const what of ['calls', 'sentAgain', 'ejections', 'sessions', 'lostSessions'] as const)
      sums[what] += counts[what]
    for (const fate of ['done', 'not_done', 'unknown', 'left'] as const) sums[fate] += fates[fate]
  }
  t.diagnostic(`seeds 1 to ${SEEDS}: ${JSON.stringify(sums)}`)
  for (const [what, sum] of Object.entries(sums)) assert.ok(sum > 100, `only ${sum} ${what}`)
})

test('a seed plays the same again, to the letter, and another does not', async () => {
  const [once, again, other] = [await simulate(7), await simulate(7), await simulate(8)]
  assert.ok(once.trace.length > 200, `only ${once.trace.length} lines`)
  assert.deepEqual(again, once)
  assert.notDeepEqual(other.trace, once.trace)
})

/** The first seed that shows it. */
async function caught(sabotage: () => Sabotage): Promise<Run> {
  for (let seed = 1; seed <= ENOUGH; seed += 1) {
    const run = await simulate(seed, sabotage())
    if (run.breach !== undefined) return run
  }
  throw new Error(`${ENOUGH} seeds show nothing`)
}

/** Does something with every dispatch. */
const meddling =
  (meddle: (pass: () => void, endpoint: Parameters<Connections['of']>[0]) => void) =>
  (net: FakeNet): Connections => ({
    release: () => net.release(),
    turns: net.turns,
    of: endpoint => {
      const whole = net.of(endpoint)
      return {
        dispatch: (request, handler) => meddle(() => whole.dispatch(request, handler), endpoint),
      }
    },
  })

/** The same cluster, which chooses otherwise. */
const choosing = (choose: (cluster: Cluster) => Cluster['choose']) => (cluster: Cluster) => {
  Object.assign(cluster, { choose: choose(cluster) })
}

const SABOTAGES: Readonly<Record<string, readonly [Sabotage, RegExp]>> = {
  'a slot that is counted twice': [
    {
      connections: meddling((pass, endpoint) => {
        endpoint.inFlight += 1
        pass()
      }),
    },
    /holds 2 slots for 1 exchanges|which carries/,
  ],
  'a slot that is given back before its time': [
    {
      connections: meddling((pass, endpoint) => {
        endpoint.inFlight -= 1
        pass()
      }),
    },
    /slots/,
  ],
  'a request that is sent twice': [
    {
      connections: meddling(pass => {
        pass()
        pass()
      }),
    },
    /for the second time/,
  ],
  'a choice that forgets what was tried': [
    {
      cluster: choosing(cluster => {
        const honest = cluster.choose.bind(cluster)
        return era => honest(era)
      }),
    },
    /for the second time/,
  ],
  'a choice that does not look at health': [
    {
      cluster: choosing(cluster => () => {
        const [endpoint] = cluster.endpoints
        return endpoint === undefined ? { kind: 'full' } : { kind: 'endpoint', endpoint }
      }),
    },
    /whose health is|does not call ready|for the second time|which carries|which is ejected/,
  ],
  'a call for an ejected endpoint that is no probe': [
    { cluster: cluster => Object.assign(cluster.ejections, { isPanic: () => true }) },
    /which is ejected/,
  ],
  'more ejected endpoints than policy allows': [
    {
      connections: meddling((pass, endpoint) => {
        endpoint.isEjected = true
        pass()
      }),
    },
    /endpoints are ejected, \d are the most|which is ejected and undefined/,
  ],
  'an endpoint that stays ejected': [
    { cluster: cluster => Object.assign(cluster.ejections, { probe: () => undefined }) },
    /is well and still ejected|after the last fault/,
  ],
  'a session whose calls go where it does not live': [
    {
      cluster: cluster => Object.assign(cluster, { endpoint: () => [...cluster.endpoints][0] }),
    },
    /was told not_done RINGMAIN_SESSION_UNKNOWN, [0-9.]+ ms after the last fault/,
  ],
  'a caller who is told that a call did not run, whatever happened': [
    { fate: told => (told === 'unknown' ? 'not_done' : told) },
    /was told not_done .*, and it ran/,
  ],
  'a caller who is told nothing': [
    { fate: told => (told === 'unknown' ? 'mute' : told) },
    /was told mute/,
  ],
}

for (const [what, [sabotage, breach]] of Object.entries(SABOTAGES))
  test(`${what} is seen`, async t => {
    const run = await caught(() => sabotage)
    t.diagnostic(`seed ${run.seed}: ${run.breach?.what}`)
    assert.match(run.breach?.what ?? '', breach)
    assert.match(run.trace.at(-1) ?? '', /BREACH/)
  })

test('a replica that nobody checks again is seen: the mesh does not recover', async () => {
  const run = await caught(() => ({
    cluster: cluster => Object.assign(cluster, { suspect: () => undefined, refused: stayDown }),
  }))
  assert.match(run.breach?.what ?? '', /its health is down|after the last fault|whose health is/)
})

const stayDown: Cluster['refused'] = endpoint => {
  endpoint.becomeUp = () => undefined
  endpoint.becomeDown('for good')
}
