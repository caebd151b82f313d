// A feed with memory, for sources that can lose their data or go away: the removal guard, and the last good set on disk.
import type { Clock } from '#foundation/clock.ts'
import type { Instance, Snapshot } from './instance.ts'
import { createInstanceFeed, type InstanceFeed } from './instance-feed.ts'
import { type LastGoodOptions, openLastGood, type SavedSet } from './last-good.ts'
import type { DiscoveryPorts } from './ports.ts'
import { createRecentMost } from './recent-most.ts'
import { guardRemovals, isReady, release } from './removal-guard.ts'

/** A source that answers within this is believed before the disk. */
const PATIENCE_MS = 500
/**
 * Within this, a set from disk is what the router served a moment ago: an answer right after a restart may not empty it
 * either. Later, the fleet may have moved on in good order and the old addresses belong to somebody else.
 */
const RESTART_MS = 900_000

/** A catalogue that loses a fleet step by step does so within this; who scales down by hand takes longer, or is held harmlessly. */
const LATELY_MS = 60_000

export interface GuardedFeed extends Pick<InstanceFeed, 'status' | 'fail'> {
  /** Resolves when the disk has been read; the source may be asked then. */
  readonly begin: (publish: (snapshot: Snapshot) => void) => Promise<void>
  readonly accept: InstanceFeed['accept']
  readonly release: (key: string) => void
  readonly close: () => Promise<void>
}

export function createGuardedFeed(
  source: Pick<LastGoodOptions, 'stateDirectory' | 'kind' | 'service' | 'scope'>,
  ports: DiscoveryPorts,
): GuardedFeed {
  const { clock, log, wait } = ports
  const feed = createInstanceFeed({ kind: source.kind, clock, log })
  const disk = openLastGood({ ...source, clock, log })
  const closed = new AbortController()
  const recent = createRecentMost(LATELY_MS)
  let saved: SavedSet | undefined
  let hasAnswered = false
  let wasAway = false
  /** The set of the newest answer, as it was given. */
  let given: readonly Instance[] | undefined

  // Once: what the disk says is served until the source answers, however often that fails.
  const recall = () => {
    if (hasAnswered || saved === undefined || closed.signal.aborted) return
    const { asOfMs, instances } = saved
    saved = undefined
    log.warn(
      { discovery: source.kind, service: source.service, endpoints: instances.length },
      `the source does not answer; serving the set of ${new Date(asOfMs).toISOString()} from disk`,
    )
    feed.recall({ instances, asOfMs, from: 'disk' })
  }
  const save = () => disk.save({ instances: feed.current(), asOfMs: clock.wallMs() })
  return {
    status: feed.status,
    async begin(publish) {
      feed.begin(publish)
      saved = await disk.read()
      if (saved !== undefined) void wait(PATIENCE_MS, closed.signal).then(recall)
    },
    accept(instances, remarks) {
      if (closed.signal.aborted) return false
      if (instances === given && !wasAway) {
        feed.confirm(remarks)
        save()
        return false
      }
      given = instances
      const last = savedLately(saved, clock) ?? feed.current()
      recent.add(last.filter(isReady).length, clock.nowMs()) // it stood until now
      const guarded = guardRemovals(last, instances, { wasAway, most: recent.most(clock.nowMs()) })
      hasAnswered = true
      wasAway = false
      saved = undefined
      const hadNews = feed.accept(guarded, remarks)
      save()
      return hadNews
    },
    fail(problem) {
      wasAway = true
      recall()
      feed.fail(problem)
    },
    release(key) {
      const left = withoutHeld(feed.current(), key)
      if (left === undefined) return
      log.info(
        { discovery: source.kind, endpoint: key },
        'a held endpoint is held no longer: its check failed',
      )
      feed.amend(left)
      if (hasAnswered) save()
    },
    async close() {
      closed.abort()
      feed.close()
      await disk.close()
    },
  }
}

/** Undefined when no held instance has this key. */
function withoutHeld(instances: readonly Instance[], key: string): readonly Instance[] | undefined {
  const place = instances.findIndex(instance => instance.key === key && instance.isHeld === true)
  const held = instances[place]
  if (held === undefined) return undefined
  const left = release(held)
  return left === undefined ? instances.toSpliced(place, 1) : instances.with(place, left)
}

function savedLately(saved: SavedSet | undefined, clock: Clock): readonly Instance[] | undefined {
  if (saved === undefined || clock.wallMs() - saved.asOfMs > RESTART_MS) return undefined
  return saved.instances
}
