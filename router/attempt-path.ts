// One try at one replica: choose, then send; and what stands between one try and the next.
import type { Random } from '#foundation/clock.ts'
import type { ClusterPolicy } from '#routes/route-table.ts'
import { chooseReplica, type Replica } from './choose-replica.ts'
import type { Cluster } from './clusters/cluster.ts'
import { Hedges } from './hedges.ts'
import { forgoPlace } from './kept-place.ts'
import { type ParkingPorts, waitingTarget } from './park-at.ts'
import { pause } from './pause.ts'
import { renewed } from './renewed.ts'
import type { RetryBudgets } from './retry-budget.ts'
import { forgoUse } from './session-use.ts'
import type { AttemptPath, Forwardable, Target } from './stages/forward.ts'
import { holderChoice } from './task-holder.ts'

export interface AttemptPorts extends ParkingPorts {
  readonly random: Random
  readonly budgets: RetryBudgets<ClusterPolicy>
}

export function attemptPath(ports: AttemptPorts): AttemptPath {
  const hedges = new Hedges(ports.nowMs)
  return {
    choose: (call, way) => {
      if (call.rounds?.parked !== undefined) return waitingTarget(ports, call, call.rounds.parked)
      const choosing =
        holderChoice(ports, call, way.tried) ?? chooseReplica(ports, call, call.cluster.name, way)
      return choosing instanceof Promise
        ? choosing.then(choice => chosen(ports, call, choice))
        : chosen(ports, call, choosing)
    },
    begin: call => ports.budgets.of(call.cluster).begin(),
    hedge: (call, policy) => hedges.begin(call.cluster, call.ownName, policy),
    spare: (call, tried) => {
      const cluster = ports.active.cluster(call.cluster.name)
      if (cluster === undefined) return undefined
      const era = cluster.eraFor(call.era)
      const choice = cluster.choose(era, tried)
      if (choice.kind !== 'endpoint') return undefined
      return targetAt(ports, call, { cluster, endpoint: choice.endpoint, era, isBound: false })
    },
    poolDenial: (call, tried) => {
      const cluster = ports.active.cluster(call.cluster.name)
      const others = cluster?.serving(cluster.eraFor(call.era)) ?? []
      if (cluster === undefined || !others.some(one => !one.isEjected && !tried.has(one.key)))
        return 'no_other'
      return isMostlyOut(cluster) ? 'mostly_out' : undefined
    },
    pause: ({ caller, deadline }, leastMs) =>
      pause(ports.random, leastMs, leave => {
        caller.onGone(leave)
        deadline.onOver(leave)
      }),
  }
}

/** Looked at only where a call is to be sent again, which is seldom. */
function isMostlyOut(cluster: Cluster): boolean {
  let [ready, up] = [0, 0]
  for (const endpoint of cluster.endpoints) {
    if (endpoint.instance.state !== 'ready') continue
    ready += 1
    if (endpoint.isRoutable && !endpoint.isEjected) up += 1
  }
  return 2 * up < ready
}

const chosen = (
  ports: AttemptPorts,
  call: Readonly<Forwardable>,
  choice: Awaited<ReturnType<typeof chooseReplica>>,
): Awaited<ReturnType<AttemptPath['choose']>> =>
  choice.kind === 'refuse'
    ? choice
    : { kind: 'target', target: targetAt(ports, call, choice.replica) }

const targetAt = (ports: AttemptPorts, call: Readonly<Forwardable>, replica: Replica): Target => ({
  endpoint: replica.endpoint.key,
  isBound: replica.isBound,
  typicalMs: () => replica.endpoint.typicalMs(ports.nowMs()),
  send: isRetry => renewed(ports, call, { replica, isRetry }),
  forgo: () => {
    forgoUse(replica)
    forgoPlace(replica)
  },
})
