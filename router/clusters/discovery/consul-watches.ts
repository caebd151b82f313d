// Every watch of one router on Consul. Clusters that ask the same question share one watch, so that a table and the one that
// replaces it do not ask twice; each keeps its own memory of the answers, or one would release what another still holds.
import { type BlockingQuery, runBlockingQuery } from './blocking-query.ts'
import type { ConsulAccess } from './consul-access.ts'
import { createEntriesReading } from './consul-entries.ts'
import { type ConsulAnswer, type ConsulFault, createConsulHttp } from './consul-http.ts'
import type { ConsulReading, ConsulSet } from './consul-instances.ts'
import { createLeaderSight } from './consul-leader.ts'
import {
  ADVICE,
  blockingMs,
  type ConsulQuestion,
  doubtOf,
  faultIn,
  listsTheSame,
  PLAIN_MS,
  pathOf,
  type ReadAnswer,
} from './consul-question.ts'
import type { Remarks } from './instance-feed.ts'
import type { DiscoveryPorts } from './ports.ts'
import { supervise } from './supervise.ts'

/** An agent allows 200 connections from one address; each watch holds one, and other programs there need some too. */
export const MOST_WATCHES = 150
/** Between two looks at a preferred agent that was left; twice as long each time that it was back and failed the first question. */
const PREFERRED_MS = 60_000
const MOST_PREFERRED_MS = 1_920_000

export interface WatchFacts {
  readonly agent?: string
  readonly backend?: string
  readonly defects?: number
}

export interface WatchSink {
  /** True when it was news. */
  readonly accept: (instances: ConsulSet['instances'], remarks: Remarks) => boolean
  readonly fail: (problem: string) => void
}

export interface ConsulWatch {
  readonly facts: () => WatchFacts
  /** Resolves when nothing more comes of it. */
  readonly close: () => Promise<void>
}

export interface ConsulWatches {
  readonly watch: (question: ConsulQuestion, sink: WatchSink) => ConsulWatch
  readonly close: () => Promise<void>
}

interface Shared {
  readonly question: ConsulQuestion
  readonly sinks: Set<WatchSink>
  readonly closed: AbortController
  facts: WatchFacts
  /** What a sink that comes later is told at once. */
  last: { readonly set: ConsulSet; readonly remarks: Remarks } | undefined
  problem: string | undefined
  running: Promise<void> | undefined
}

export function createConsulWatches(access: ConsulAccess, ports: DiscoveryPorts): ConsulWatches {
  const watches = new Map<string, Shared>() // bounded by the clusters of the table and of the one before it
  const begin = (shared: Shared) => {
    shared.problem = undefined
    shared.running = runShared(shared, access, ports)
  }
  const isRunning = ({ running }: Shared) => running !== undefined
  const open = (question: ConsulQuestion): Shared => {
    const shared: Shared = {
      question,
      sinks: new Set(),
      closed: new AbortController(),
      facts: {},
      last: undefined,
      problem: undefined,
      running: undefined,
    }
    if ([...watches.values()].filter(isRunning).length < MOST_WATCHES) begin(shared)
    else shared.problem = tooMany(question)
    return shared
  }
  const leave = async (key: string, shared: Shared) => {
    if (shared.sinks.size > 0 || watches.get(key) !== shared) return
    watches.delete(key)
    shared.closed.abort()
    await shared.running
    const next = [...watches.values()].find(waiting => !isRunning(waiting))
    if (next !== undefined && isRunning(shared)) begin(next)
  }
  return {
    watch(question, sink) {
      const { service, filter = '', datacenter = '' } = question
      const key = JSON.stringify([service, filter, datacenter])
      const shared = watches.get(key) ?? open(question)
      watches.set(key, shared)
      shared.sinks.add(sink)
      if (shared.last !== undefined) sink.accept(shared.last.set.instances, shared.last.remarks)
      if (shared.problem !== undefined) sink.fail(shared.problem)
      return {
        facts: () => shared.facts,
        async close() {
          shared.sinks.delete(sink)
          await leave(key, shared)
        },
      }
    },
    async close() {
      for (const { closed } of watches.values()) closed.abort()
      for (const { running } of watches.values()) await running
      watches.clear()
      await access.close()
    },
  }
}

const tooMany = ({ service }: ConsulQuestion) =>
  `This router watches ${MOST_WATCHES} questions to Consul already, the most it may, and does not watch ${service}. ` +
  'Let clusters share service, filter and datacenter, or serve some from another router.'

function runShared(shared: Shared, access: ConsulAccess, ports: DiscoveryPorts): Promise<void> {
  const { signal } = shared.closed
  return supervise(
    () => runBlockingQuery(queryOf(shared, access, ports), ports, signal),
    {
      ...ports,
      onDefect(error) {
        shared.facts = { ...shared.facts, defects: (shared.facts.defects ?? 0) + 1 }
        ports.log.warn(
          { event: 'defect', service: shared.question.service, err: error },
          'the watch on Consul broke by our own fault and begins again',
        )
        failAll(shared, `The watch on ${shared.question.service} broke and begins again.`)
      },
    },
    signal,
  )
}

function queryOf(shared: Shared, access: ConsulAccess, ports: DiscoveryPorts): BlockingQuery {
  const { question } = shared
  const http = createConsulHttp(access, ports)
  const leader = createLeaderSight(http.knowsLeader, ports.clock)
  let reading = createEntriesReading()
  let entries = reading.known
  let read: ReadAnswer | undefined
  let failuresInRow = 0
  let triedMs = ports.clock.nowMs()
  let preferredMs = PREFERRED_MS
  let isOnTrial = false
  /** An agent that was preferred and comes back is asked again, but not looked for each time. */
  const isBackAtPreferred = async (signal: AbortSignal) => {
    const nowMs = ports.clock.nowMs()
    if (http.agent() === access.agents[0] || nowMs - triedMs < preferredMs) return false
    triedMs = nowMs
    isOnTrial = await http.tryPreferred(signal)
    return isOnTrial
  }
  return {
    async ask(lastIndex, signal) {
      if (failuresInRow > 0) await access.load(true)
      const isOther = (await isBackAtPreferred(signal)) || (await leader.look(signal))
      const index = isOther ? undefined : lastIndex
      reading = createEntriesReading(entries)
      shared.facts = { ...shared.facts, agent: http.agent() }
      return http.get(pathOf(question, index), {
        headersMs: index === undefined ? PLAIN_MS : blockingMs,
        signal,
        onEntry: reading.add,
        isKnown: answer =>
          index !== undefined && listsTheSame(read, leader.correct(answer), ports.clock.nowMs()),
      })
    },
    take(said) {
      const answer = leader.correct(said)
      const known = answer.isKnown === true ? shared.last?.set : undefined
      const set = known ?? reading.result()
      const taken = takeAnswer(answer, set, shared)
      if (typeof taken === 'object' || 'garbled' in set) return taken
      failuresInRow = 0
      if (isOnTrial) preferredMs = PREFERRED_MS
      isOnTrial = false
      if (known !== undefined) return taken
      read = { answer, instances: set.instances.length, atMs: ports.clock.nowMs() }
      entries = reading.known
      return taken
    },
    fail(fault) {
      failuresInRow += 1
      read = undefined
      failAll(shared, `${fault.says}. ${ADVICE[fault.kind]}`)
      if (isOnTrial) preferredMs = Math.min(2 * preferredMs, MOST_PREFERRED_MS)
      isOnTrial = false
      http.tryNextAgent() // one agent's refusal, too, may be that agent's alone: a token not replicated yet, a proxy
      triedMs = ports.clock.nowMs()
      return failuresInRow % access.agents.length > 0
    },
    ...(access.hasFiles ? { isRenewed: access.isOutdated } : {}),
  }
}

function takeAnswer(
  answer: ConsulAnswer,
  set: ReturnType<ConsulReading['result']>,
  shared: Shared,
): 'news' | 'quiet' | ConsulFault {
  const fault = faultIn(answer, set, shared.question)
  if (fault !== undefined || 'garbled' in set) return fault as ConsulFault
  const remarks = { notes: set.notes, ...doubtOf(answer) }
  shared.last = { set, remarks }
  shared.problem = undefined
  if (answer.backend !== undefined) shared.facts = { ...shared.facts, backend: answer.backend }
  let hadNews = false
  for (const sink of shared.sinks) hadNews = sink.accept(set.instances, remarks) || hadNews
  return hadNews ? 'news' : 'quiet'
}

function failAll(shared: Shared, problem: string): void {
  shared.problem = problem
  for (const sink of shared.sinks) sink.fail(problem)
}
