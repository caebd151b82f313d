// What an operator asks of this router for one replica: its breaker reset or held, or the replica drained, in maintenance, ready again,
// or weighted otherwise for a while.
import type { Clock } from '#foundation/clock.ts'
import { LONGEST_DURATION_MS } from '#foundation/duration.ts'
import type { Log } from '#foundation/log.ts'
import { plainText } from '#foundation/plain-text.ts'
import type { Cluster } from './clusters/cluster.ts'
import type { HeldBreaker, Override } from './clusters/override.ts'
import type { LogEvent } from './clusters/replica-log.ts'
import { Overrides } from './overrides.ts'

export interface Answer {
  readonly status: 200 | 400 | 404 | 409 | 503
  readonly body: Readonly<Record<string, unknown>>
}

export interface OperatePorts {
  readonly cluster: (name: string) => Cluster | undefined
  readonly overrides: Overrides
  readonly log: LogEvent
}

interface Subject {
  readonly cluster: Cluster
  readonly replica: string
  readonly asked: Readonly<Record<string, unknown>>
}

export interface Operator {
  readonly overrides: Overrides
  readonly operate: (body: unknown) => Answer
}

/** `cluster` is asked when the clusters are there. */
export function openOperator(log: Log, clock: Clock, cluster: OperatePorts['cluster']): Operator {
  const say: LogEvent = (event, fields) => log.info({ event, ...fields }, event)
  const overrides = new Overrides(clock, (name, replica) =>
    say('router.override', {
      'ringmain.cluster': name,
      'ringmain.replica': replica,
      action: 'ended',
    }),
  )
  return { overrides, operate: body => operate({ cluster, overrides, log: say }, body) }
}

const LONGEST_REASON = 200
const MOST_WEIGHT = 1_000

const BREAKER_ACTIONS: Readonly<Record<string, HeldBreaker | 'free'>> = {
  reset: 'free',
  'force-open': 'open',
  'force-close': 'closed',
}

const refused = (status: Exclude<Answer['status'], 200>, error: string): Answer => ({
  status,
  body: { error },
})
const TOO_MANY = refused(503, 'too much is decided about replicas already')

/** `body` is whatever was sent. */
export function operate(ports: OperatePorts, body: unknown): Answer {
  if (!isRecord(body)) return refused(400, 'a JSON object is needed')
  const { action } = body
  const cluster = ports.cluster(String(body['cluster']))
  if (cluster === undefined) return refused(404, `there is no cluster ${shown(body['cluster'])}`)
  const { name } = cluster.policy
  const replica = String(body['replica'])
  // What was decided about one that has gone since can be ended all the same.
  if (cluster.endpoint(replica) === undefined && !ports.overrides.has(name, replica))
    return refused(404, `${name} has no replica ${shown(body['replica'])}`)
  const subject = { cluster, replica, asked: body }
  const held = typeof action === 'string' ? ownOf(BREAKER_ACTIONS, action) : undefined
  if (held !== undefined) return setBreaker(ports, subject, held)
  if (action !== 'ready') return overrideBy(ports, subject)
  ports.overrides.clear(name, replica)
  return done(ports, subject, {})
}

function setBreaker(ports: OperatePorts, subject: Subject, held: HeldBreaker | 'free'): Answer {
  const { cluster, replica } = subject
  const wanted = held === 'free' ? undefined : held
  if (!ports.overrides.hold(cluster.policy.name, replica, wanted)) return TOO_MANY
  const endpoint = cluster.endpoint(replica)
  if (held === 'free' && endpoint !== undefined) cluster.ejections.breakerOf(endpoint).reset()
  return done(ports, subject, {})
}

function overrideBy(ports: OperatePorts, subject: Subject): Answer {
  const { cluster, replica, asked } = subject
  const { name } = cluster.policy
  const change = changeOf(asked)
  if (change === undefined)
    return refused(400, `no such action, or a weight that is not from 1 to ${MOST_WEIGHT}`)
  const { forMs, reason } = asked
  if (typeof forMs !== 'number' || !(forMs >= 1_000 && forMs <= LONGEST_DURATION_MS))
    return refused(400, 'it must say for how long, from 1s to 24h')
  if (typeof reason !== 'string' || reason.trim() === '') return refused(400, 'it must say why')
  const before = ports.overrides.of(name, replica).override
  // It would get calls again, for which nobody asked.
  if (change.state === undefined && before?.state !== undefined)
    return refused(409, `it is ${before.state} by hand (${before.reason}): make it ready first`)
  const told = { ...change, forMs, reason: plainText(reason, LONGEST_REASON) }
  if (ports.overrides.set(name, replica, told) === undefined) return TOO_MANY
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
  { cluster, replica, asked }: Subject,
  told: Readonly<Record<string, unknown>>,
): Answer {
  const { action } = asked
  log('router.override', {
    'ringmain.cluster': cluster.policy.name,
    'ringmain.replica': replica,
    action,
    ...told,
  })
  return {
    status: 200,
    body: { cluster: cluster.policy.name, replica, action, ...told },
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const ownOf = <Value>(map: Readonly<Record<string, Value>>, key: string): Value | undefined =>
  Object.hasOwn(map, key) ? map[key] : undefined

const shown = (value: unknown): string =>
  typeof value === 'string' ? plainText(value, 100) : 'without a name'
