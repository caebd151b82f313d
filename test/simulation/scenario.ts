// What happens in one run, all of it drawn from its seed beforehand: the mesh, its policy, who calls when, and which replica falls ill
// of what.
import { type Random, seededRandom } from '#foundation/clock.ts'
import type { Instance } from '#router/clusters/discovery/instance.ts'
import { CLUSTER, READS } from '#test/chaos/kit/stage.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { CONDITIONS, type Condition } from './conditions.ts'
import type { SimReplica } from './fake-net.ts'

/** `stateless`: of the legacy era, without a session of its own. */
export type Caller = 'modern' | 'stateless' | { readonly session: number }

export interface SimCall {
  readonly call: string
  readonly tool: 'echo' | 'act' | 'initialize'
  readonly caller: Caller
  readonly atMs: number
  /** After so long its caller does not wait any more. */
  readonly leavesAfterMs?: number
  /** What its caller gives it. */
  readonly deadlineMs?: number
}

export type Event =
  | { readonly atMs: number; readonly kind: 'call'; readonly call: SimCall }
  | {
      readonly atMs: number
      readonly kind: 'condition'
      readonly replica: SimReplica
      readonly condition: Condition
    }
  | { readonly atMs: number; readonly kind: 'registry'; readonly instances: readonly Instance[] }

export interface Scenario {
  readonly replicas: readonly SimReplica[]
  readonly instances: readonly Instance[]
  readonly policies: string
  readonly perEndpoint: number
  readonly events: readonly Event[]
  /** Nothing is wrong from here on. */
  readonly calmMs: number
  readonly endMs: number
}

const FAULTS_MS = 10_000
const CALM_MS = 16_000
const FIRST_PORT = 9_001
const SESSIONS = 4

export function scenarioOf(seed: number): Scenario {
  const random = seededRandom(seed)
  const replicas = Array.from({ length: 1 + Math.floor(random() * 8) }, (_, index) => ({
    port: FIRST_PORT + index,
    serviceMs: between(random, 2, 60),
    condition: 'well' as Condition,
    sessions: new Set<string>(),
  }))
  const instances = replicas.map(({ port }) =>
    instanceAt(port, { weight: 1 + Math.floor(random() * 3) }),
  )
  const perEndpoint = 2 + Math.floor(random() * 14)
  const ground = { random, replicas, instances }
  const events = [...illnesses(ground), ...absences(ground), ...calls(random)]
  const end = [
    ...replicas.map(
      replica => ({ atMs: FAULTS_MS, kind: 'condition', replica, condition: 'well' }) as const,
    ),
    { atMs: FAULTS_MS, kind: 'registry', instances } as const,
  ]
  return {
    replicas,
    instances,
    perEndpoint,
    policies: policiesOf(random, perEndpoint),
    events: [...events, ...end].sort((a, b) => a.atMs - b.atMs),
    calmMs: FAULTS_MS,
    endMs: FAULTS_MS + CALM_MS,
  }
}

interface Ground {
  readonly random: Random
  readonly replicas: readonly SimReplica[]
  readonly instances: readonly Instance[]
}

/** One after another, often several at once; each passes, or the next takes its place. */
function illnesses({ random, replicas }: Ground): readonly Event[] {
  const gapMs = between(random, 100, 1_500)
  const events: Event[] = []
  for (let atMs = 500; atMs < FAULTS_MS; atMs += -Math.log(1 - random()) * gapMs) {
    const replica = draw(random, replicas)
    const condition = draw(random, CONDITIONS)
    const wellMs = Math.min(FAULTS_MS, atMs + between(random, 50, 4_000))
    events.push({ atMs, kind: 'condition', replica, condition })
    events.push({ atMs: wellMs, kind: 'condition', replica, condition: 'well' })
  }
  return events
}

/** The registry says that one drains, or says nothing of it any more, for a while. */
function absences({ random, instances }: Ground): readonly Event[] {
  const events: Event[] = []
  for (let atMs = 1_000; atMs < FAULTS_MS; atMs += between(random, 500, 4_000)) {
    const one = draw(random, instances)
    const others = instances.filter(instance => instance !== one)
    const isDraining = random() < 0.5
    const set = isDraining ? [...others, { ...one, state: 'draining' as const }] : others
    events.push({ atMs, kind: 'registry', instances: set })
    if (random() < 0.7) events.push({ atMs: atMs + 400, kind: 'registry', instances })
  }
  return events
}

function calls(random: Random): readonly Event[] {
  const perSecond = between(random, 5, 30)
  const events: Event[] = []
  for (let atMs = 200; atMs < FAULTS_MS + CALM_MS - 3_000; ) {
    const isCalm = atMs > FAULTS_MS
    const rate = isCalm ? 3 : perSecond
    const call = {
      call: `c${events.length}`,
      tool: random() < 0.6 ? 'act' : 'echo',
      caller: callerOf(random),
      atMs,
      ...(random() < 0.05 ? { leavesAfterMs: between(random, 0, 300) } : {}),
      ...(!isCalm && random() < 0.15 ? { deadlineMs: Math.ceil(between(random, 5, 1_500)) } : {}),
    } as const
    events.push({ atMs, kind: 'call', call })
    atMs += (-Math.log(1 - random()) * 1_000) / rate
  }
  return events
}

function callerOf(random: Random): Caller {
  const chance = random()
  if (chance < 0.5) return 'modern'
  return chance < 0.7 ? 'stateless' : { session: Math.floor(random() * SESSIONS) }
}

function policiesOf(random: Random, perEndpoint: number): string {
  const whole = (least: number, most: number): number => Math.round(between(random, least, most))
  const spec = {
    health: {
      interval: '1s',
      timeout: '500ms',
      rise: whole(1, 2),
      fall: whole(1, 3),
    },
    connections: { perEndpoint, ...queueOf(whole(0, 8), whole(0, 500)) },
    ejection: {
      consecutiveFaults: whole(2, 8),
      base: `${whole(200, 1_000)}ms`,
      max: '3s',
      maxEjected: `${whole(20, 80)}%`,
    },
    timeouts: { firstByte: `${whole(150, 1_500)}ms`, idle: '5s' },
  }
  const endpoints = [`http://127.0.0.1:${FIRST_PORT}/mcp`]
  return documents(
    clusterOf(CLUSTER, endpoints, spec),
    serverOf('default', [CLUSTER], { naming: 'plain' }),
    READS,
  )
}

/** Where nobody waits, neither may be said of it. */
const queueOf = (queue: number, waitMs: number): object =>
  queue === 0 || waitMs === 0 ? { queue: 0, wait: '0ms' } : { queue, wait: `${waitMs}ms` }

const between = (random: Random, least: number, most: number): number =>
  least + random() * (most - least)

function draw<T>(random: Random, from: readonly T[]): T {
  const drawn = from[Math.floor(random() * from.length)]
  if (drawn === undefined) throw new Error('nothing to draw from')
  return drawn
}
