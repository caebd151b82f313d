// One call as it arrives, a caller that swallows its answer, and a replica that has answered already.
import { seededRandom } from '#foundation/clock.ts'
import { decodeRequest } from '#router/eras/decode.ts'
import { JsonGuard } from '#router/eras/json-guard.ts'
import { mirrorForEra } from '#router/eras/mirrored-params.ts'
import type { Arrived, Attempt, Caller, UpstreamBody } from '#router/facts.ts'
import { RetryBudgets } from '#router/retry-budget.ts'
import type { Eras } from '#router/stages/decode.ts'
import type { AttemptPath } from '#router/stages/forward.ts'
import type { Servers } from '#router/stages/locate.ts'
import type { Offers } from '#router/stages/resolve.ts'
import type { ClusterPolicy, VirtualServerPolicy } from '#routes/route-table.ts'
import { callOf, HEADERS } from './bodies.ts'

const nothing = (): void => undefined

const CALLER: Caller = {
  isGone: false,
  status: 200,
  bytesOut: 174,
  onGone: nothing,
  send: nothing,
  begin: nothing,
  write: () => true,
  onWritable: nothing,
  end: nothing,
  cut: nothing,
  dismiss: nothing,
}

export const ARRIVED: Arrived = {
  verb: 'POST',
  serverName: 'default',
  headers: HEADERS,
  body: callOf(340),
  caller: CALLER,
  from: '127.0.0.1',
  arrivedMs: 0,
}

export function eras(): Eras {
  const guard = new JsonGuard(seededRandom(1))
  return {
    decode: arrived =>
      decodeRequest(arrived, { guard, openSession: () => undefined, routerId: 'r1' }),
  }
}

const CLUSTER: ClusterPolicy = {
  name: 'search',
  vendor: 'bench',
  clearance: 'internal',
  assurance: 'standard',
  discovery: { kind: 'endpoints', endpoints: [] },
  addresses: { allow: ['loopback'] },
  path: '/mcp',
  toolLists: 'agree',
  lists: { minTtlMs: 1_000, maxTtlMs: 300_000, mayBePublic: false },
  health: { intervalMs: 5_000, timeoutMs: 1_000, rise: 2, fall: 3 },
  sessions: 100,
  shareSessions: false,
  retry: { max: 1, budget: 0.1, minPerSecond: 5, maxConcurrent: 0.2 },
  ejection: {
    consecutiveFaults: 5,
    minSuccessRate: 0.8,
    windowMs: 10_000,
    baseMs: 1_000,
    maxMs: 60_000,
    maxEjected: 0.5,
  },
  connections: { perEndpoint: 64, minPerEndpoint: 4, streams: 64, queue: 64, waitMs: 100 },
  timeouts: { firstByteMs: 30_000, idleMs: 30_000 },
  deadline: { defaultMs: 60_000, maxMs: 600_000 },
}

const SERVER: VirtualServerPolicy = {
  name: 'default',
  members: [{ cluster: 'search', prefix: 'search' }],
  naming: 'plain',
  criticality: 'critical',
}

const TOOL = { mirrors: [] }

export const TABLE: Servers & Offers = {
  server: () => SERVER,
  assistant: () => undefined,
  cluster: () => CLUSTER,
  tool: () => TOOL,
  offering: () => Promise.resolve([]),
  task: () => undefined,
  outward: () => undefined,
  missing: () => undefined,
  rounds: () => undefined,
  renamed: () => undefined,
  reshape: () => undefined,
  replay: () => ({ isReplayable: false }),
  mirror: mirrorForEra,
}

const ANSWER = Buffer.from(
  '{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[{"type":"text","text":"Take the train."}]}}',
)

const BODY: UpstreamBody = {
  pipe: sink => {
    sink.data(ANSWER)
    sink.end()
  },
  collect: () => Promise.resolve(ANSWER),
  breaksEarly: () => Promise.resolve(false),
  resume: nothing,
  rest: nothing,
  abort: nothing,
}

const ANSWERED: Attempt = {
  kind: 'answered',
  status: 200,
  contentType: 'application/json',
  header: name => (name === 'content-length' ? String(ANSWER.length) : undefined),
  body: BODY,
  firstByteMs: 1,
}

const DISPATCHED = {
  attempt: Promise.resolve(ANSWERED),
  upstreamIdJson: '1',
  abandon: nothing,
  expire: nothing,
  ended: nothing,
  relearn: nothing,
} as const

const BUDGETS = new RetryBudgets<ClusterPolicy>(() => performance.now())

export const ATTEMPTS: AttemptPath = {
  choose: () => ({
    kind: 'target',
    target: {
      endpoint: '127.0.0.1:9000',
      isBound: false,
      typicalMs: () => 1,
      send: () => DISPATCHED,
      forgo: nothing,
    },
  }),
  begin: call => BUDGETS.of(call.cluster).begin(),
  hedge: () => ({ delayMs: undefined, take: () => false, answered: () => undefined }),
  spare: () => undefined,
  poolDenial: () => undefined,
  pause: () => Promise.resolve(),
}
