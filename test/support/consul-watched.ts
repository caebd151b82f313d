// The whole Consul provider on a fake agent, in time that the test moves.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createConsulAccess } from '#router/clusters/discovery/consul-access.ts'
import { createConsulDiscovery } from '#router/clusters/discovery/consul-discovery.ts'
import { blockingMs, type ConsulQuestion } from '#router/clusters/discovery/consul-question.ts'
import { createConsulWatches } from '#router/clusters/discovery/consul-watches.ts'
import type { Discovery } from '#router/clusters/discovery/instance.ts'
import { type FakeConsul, startFakeConsul } from './fake-consul.ts'
import { type ManualTime, manualTime } from './manual-time.ts'
import { type SnapshotLog, sentenceLog, snapshotLog } from './snapshots.ts'

export const SERVICE = 'mcp-a'

export interface WatchedFake {
  readonly fake: FakeConsul
  readonly time: ManualTime
  readonly log: ReturnType<typeof sentenceLog>
  /** A provider on these agents, the fake alone unless others are named. */
  readonly open: (agents?: readonly string[]) => {
    readonly discovery: Discovery
    readonly seen: SnapshotLog
  }
  readonly register: (...ids: readonly string[]) => void
  readonly untilBackOff: () => Promise<number>
}

export async function watchedFake(
  t: TestContext,
  options: Partial<ConsulQuestion> = {},
): Promise<WatchedFake> {
  const fake = await startFakeConsul()
  const stateDirectory = await mkdtemp(join(tmpdir(), 'ringmain-consul-'))
  const time = manualTime()
  const log = sentenceLog()
  const opened: (() => Promise<void>)[] = []
  t.after(async () => {
    await Promise.all(opened.map(close => close()))
    await fake.close()
    await rm(stateDirectory, { recursive: true, force: true })
  })
  return {
    fake,
    time,
    log,
    open(agents = [fake.url]) {
      // The highest chance there is: back-offs are at their bound and known.
      const ports = { ...time, log, random: () => 1 }
      const access = createConsulAccess({ agents, token: 'secret-token' }, log)
      const watches = createConsulWatches(access, ports)
      const discovery = createConsulDiscovery(
        { service: SERVICE, stateDirectory, watches, ...options },
        ports,
      )
      opened.push(async () => {
        await discovery.close()
        await access.close()
      })
      const seen = snapshotLog()
      discovery.start(seen.publish)
      return { discovery, seen }
    },
    register(...ids) {
      for (const id of ids) fake.register(SERVICE, { id, port: 9_000 + id.charCodeAt(0) })
    },
    // Back-offs are below 5 s here; the deadlines of requests are not.
    untilBackOff: () => time.untilWaiting(ms => ms > 0 && ms < 5_000),
  }
}

/** Of questions: to the leader, until the headers of a plain read and of one that blocks, and until the end of either. */
const DEADLINES: readonly number[] = [1_500, 5_000, blockingMs, 10_000]

/** Every other wait is a pause between two questions. */
export const isPause = (ms: number): boolean => ms > 0 && !DEADLINES.includes(ms)

/** Lets the pauses that are under way pass; a question that is under way must not run into its deadline. */
export async function passPauses(time: ManualTime): Promise<void> {
  for (const pauseMs of time.waits().filter(isPause)) await time.advance(pauseMs)
}
