// Sessions of two clusters, one whose server keeps sessions and one whose does not, over connections that the test plays.
import assert from 'node:assert/strict'
import { type TestContext } from 'node:test'
import { createSealer, type Sealer } from '#foundation/seal.ts'
import { ActiveTable } from '#router/active-table.ts'
import type { Learned } from '#router/clusters/endpoint.ts'
import type { Session } from '#router/facts.ts'
import { RetryBudgets } from '#router/retry-budget.ts'
import { Sessions } from '#router/sessions.ts'
import { type CallFacts, callAs, messageAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeSend, fakeSend, type SentRequest } from '#test/support/fake-send.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'

const SESSIONFUL: Learned = { ...MODERN, eras: ['legacy', 'modern'], isSessionful: true }
const STATELESS: Learned = {
  ...MODERN,
  eras: ['legacy', 'modern'],
  legacyVersion: '2025-06-18',
  instructions: 'search gently',
}
/** That callers may hold open at the cluster that keeps any. */
export const MOST_SESSIONS = 20
/** Where the caller is, unless a test says otherwise. */
export const HERE = '127.0.0.1'
export const SESSION_KEY = Buffer.alloc(32, 7)

export interface SessionGround {
  readonly sessions: Sessions
  readonly requests: FakeSend
  /** Tokens of sessions of which something is under way. */
  readonly busy: Set<string>
  readonly call: CallFacts
  readonly pass: (ms: number) => Promise<void>
  /** What `initialize` gives; every replica that is asked opens a session named after its cluster. */
  readonly initialize: (
    differences?: Partial<CallFacts>,
  ) => Promise<Awaited<ReturnType<Sessions['initialize']>>>
}

export function sessionGround(
  t: TestContext,
  sealer: Sealer = createSealer(SESSION_KEY),
  eras: Learned['eras'] = ['legacy', 'modern'],
  capabilities: NonNullable<Learned['capabilities']> = {},
  replicas = 2,
): SessionGround {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters({ check: () => Promise.resolve({ ok: true }) })
  const connections = { perEndpoint: 4, minPerEndpoint: 1, streams: 4, queue: 0, waitMs: 0 }
  const table = tableOf(
    'v1',
    clusterPolicy('crm', { connections, sessions: MOST_SESSIONS }),
    clusterPolicy('web'),
  )
  const active = new ActiveTable(table, clusters.open)
  const ports = [1, 2, 4, 5, 6, 7].slice(0, replicas)
  serveAt(active, clusters, { cluster: 'crm', ports, learned: { ...SESSIONFUL, eras } })
  serveAt(active, clusters, {
    cluster: 'web',
    ports: [3],
    learned: { ...STATELESS, eras, capabilities },
  })
  const requests = fakeSend()
  let id = 1_000
  let nowMs = 0
  const busy = new Set<string>()
  const sessions = new Sessions({
    active,
    sealer,
    send: requests.send,
    say: requests.say,
    nextId: () => (id += 1),
    client: { name: 'ringmain', version: '1' },
    budgets: new RetryBudgets(() => 0),
    isBusy: token => busy.has(token),
    nowMs: () => nowMs,
  })
  const call = callAs({
    era: 'legacy',
    version: '2025-11-25',
    server: table.virtualServers['default'] ?? assert.fail(),
    message: messageAs({ method: 'initialize', params: {} }),
  })
  return {
    sessions,
    busy,
    requests,
    call,
    pass: async ms => {
      nowMs += ms
      t.mock.timers.tick(ms)
      await settle()
    },
    initialize: async (differences = {}) => {
      const opening = sessions.initialize({ ...call, ...differences })
      await settle()
      for (const request of requests.sent.filter(one => one.method === 'initialize')) {
        if (request.overs.length === 0) await opens(request)
      }
      for (const request of requests.sent) if (request.overs.length === 0) await request.status(202)
      return opening
    },
  }
}

export const opens = (request: SentRequest): Promise<void> =>
  request.result(
    { protocolVersion: '2025-11-25' },
    { 'mcp-session-id': `${request.place.endpoint.key.endsWith(':3') ? 'web' : 'crm'}-1` },
  )

export const opened = async (
  { initialize }: SessionGround,
  from = HERE,
): Promise<{
  readonly token: string
  readonly result: Record<string, unknown>
}> => {
  const outcome = await initialize({ from })
  assert.ok('sessionToken' in outcome, JSON.stringify(outcome))
  return {
    token: outcome.sessionToken,
    result: JSON.parse(outcome.resultJson) as Record<string, unknown>,
  }
}

export const sessionOf = (sessions: Sessions, token: string): Session =>
  sessions.open(token, HERE) ?? assert.fail('it does not open')
