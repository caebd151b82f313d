// What an operator asks of this router for one replica: its breaker reset or held, or the replica drained, in maintenance, ready again,
// or weighted otherwise for a while.
import type { Clock } from '#foundation/clock.ts'
import { LONGEST_DURATION_MS } from '#foundation/duration.ts'
import type { Log } from '#foundation/log.ts'
import { plainText } from '#foundation/plain-text.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { EndpointBreaker } from './clusters/ejection/endpoint-breaker.ts'
import type { Endpoint } from './clusters/endpoint.ts'
import type { Override } from './clusters/override.ts'
import type { LogEvent } from './clusters/replica-log.ts'
import { Overrides } from './overrides.ts'

export interface Answer {
  readonly status: 200 | 400 | 404 | 503
  readonly body: Readonly<Record<string, unknown>>
}

export interface OperatePorts {
  readonly cluster: (name: string) => Cluster | undefined
  readonly overrides: Overrides
  readonly log: LogEvent
}

interface Subject {
  readonly cluster: Cluster
  readonly endpoint: Endpoint
  readonly asked: Readonly<Record<string, unknown>>
}

export interface Operator {
  readonly overrides: Overrides
  readonly operate: (body: unknown) => Answer
}

/** `cluster` is asked when the clusters are there. */
export function openOperator(log: Log, clock: Clock, cluster: OperatePorts['cluster']): Operator {
  const say: LogEvent = (event, fields) => log.info({ event, ...fields }, event)
  const overrides = new Overrides(clock, held => {
    cluster(held.cluster)?.override(held.replica, undefined)
    say('router.override', {
      'ringmain.cluster': held.cluster,
      'ringmain.replica': held.replica,
      action: 'ended',
    })
  })
  return { overrides, operate: body => operate({ cluster, overrides, log: say }, body) }
}

const LONGEST_REASON = 200
const MOST_WEIGHT = 1_000

const BREAKER_ACTIONS: Readonly<Record<string, (breaker: EndpointBreaker) => void>> = {
  reset: breaker => breaker.reset(),
  'force-open': breaker => breaker.forceOpen(),
  'force-close': breaker => breaker.forceClose(),
}

const refused = (status: 400 | 404 | 503, error: string): Answer => ({ status, body: { error } })

/** `body` is whatever was sent. */
export function operate(ports: OperatePorts, body: unknown): Answer {
  if (!isRecord(body)) return refused(400, 'a JSON object is needed')
  const { action } = body
  const cluster = ports.cluster(String(body['cluster']))
  if (cluster === undefined) return refused(404, `there is no cluster ${shown(body['cluster'])}`)
  const endpoint = cluster.endpoint(String(body['replica']))
  if (endpoint === undefined)
    return refused(404, `${cluster.policy.name} has no replica ${shown(body['replica'])}`)
  const subject = { cluster, endpoint, asked: body }
  const onBreaker = typeof action === 'string' ? ownOf(BREAKER_ACTIONS, action) : undefined
  if (onBreaker !== undefined) {
    onBreaker(cluster.ejections.breakerOf(endpoint))
    return done(ports, subject, {})
  }
  if (action === 'ready') {
    ports.overrides.clear(cluster.policy.name, endpoint.key)
    cluster.override(endpoint.key, undefined)
    return done(ports, subject, {})
  }
  return overrideBy(ports, subject)
}

function overrideBy(ports: OperatePorts, subject: Subject): Answer {
  const { cluster, endpoint, asked } = subject
  const change = changeOf(asked)
  if (change === undefined)
    return refused(400, `no such action, or a weight that is not from 1 to ${MOST_WEIGHT}`)
  const { forMs, reason } = asked
  if (typeof forMs !== 'number' || !(forMs >= 1_000 && forMs <= LONGEST_DURATION_MS))
    return refused(400, 'it must say for how long, from 1s to 24h')
  if (typeof reason !== 'string' || reason.trim() === '') return refused(400, 'it must say why')
  const told = { ...change, forMs, reason: plainText(reason, LONGEST_REASON) }
  const override = ports.overrides.set(cluster.policy.name, endpoint.key, told)
  if (override === undefined) return refused(503, 'too many replicas are overridden already')
  cluster.override(endpoint.key, override)
  return done(ports, subject, told)
}

function changeOf({
  action,
  weight,
}: Readonly<Record<string, unknown>>): Pick<Override, 'state' | 'weight'> | undefined {
  if (action === 'drain') return { state: 'draining' }
  if (action === 'maint') return { state: 'down' }
  const isWeight = action === 'weight' && Number.isInteger(weight)
  const asked = Number(weight)
  return isWeight && asked >= 1 && asked <= MOST_WEIGHT ? { weight: asked } : undefined
}

function done(
  { log }: OperatePorts,
  { cluster, endpoint, asked }: Subject,
  told: Readonly<Record<string, unknown>>,
): Answer {
  const { action } = asked
  log('router.override', {
    'ringmain.cluster': cluster.policy.name,
    'ringmain.replica': endpoint.key,
    action,
    ...told,
  })
  return {
    status: 200,
    body: { cluster: cluster.policy.name, replica: endpoint.key, action, ...told },
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const ownOf = <Value>(map: Readonly<Record<string, Value>>, key: string): Value | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined

const shown = (value: unknown): string =>
  typeof value === 'string' ? plainText(value, 100) : 'without a name'
