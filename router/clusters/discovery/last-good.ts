// The last good set of one source, on disk, so that a router starts while the source is down.
// The file is a cache that anybody may delete; one that cannot be read is said and ignored, never an error.
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#foundation/clock.ts'
import { newestWrite, writeDurably } from '#router/durable-file.ts'
import type { Instance } from './instance.ts'
import type { DiscoveryLog } from './ports.ts'
import { areSameInstances } from './same-instance.ts'
import { parseSaved, readSavedInstances, savedTexts } from './saved-instances.ts'

/** Consul's own agent serves its cache for as long when it is cut off. */
const MAX_AGE_MS = 72 * 3_600_000
const MAX_BYTES = 32 * 1_048_576
/** An unchanged set is written again after this long, so that its age says when it was last confirmed. */
const REFRESH_MS = 300_000

export interface SavedSet {
  readonly instances: readonly Instance[]
  readonly asOfMs: number
}

export interface LastGood {
  /** Undefined when there is none, it is too old, or it cannot be read. */
  readonly read: () => Promise<SavedSet | undefined>
  /** Never blocks the caller: writes one after another, only the newest that waits. */
  readonly save: (set: SavedSet) => void
  /** Resolves when what was saved is on disk. */
  readonly close: () => Promise<void>
}

export interface LastGoodOptions {
  readonly stateDirectory: string
  readonly kind: string
  readonly service: string
  /**
   * What else decides which instances belong to the set, such as a filter. Two clusters that share a service name but
   * not a filter must never read each other's set: one may hold data the other is not cleared for.
   */
  readonly scope: string
  readonly clock: Clock
  readonly log: DiscoveryLog
}

export function openLastGood(options: LastGoodOptions): LastGood {
  const { kind, service, scope, clock, log } = options
  const file = fileOf(options)
  const identity = JSON.stringify([kind, service, scope])
  let lastInstances: readonly Instance[] | undefined
  let lastSavedMs = 0
  const writes = newestWrite(
    (set: SavedSet) => writeDurably(file, savedTexts(identity, set)),
    ({ message: reason }) => {
      lastInstances = undefined
      log.warn(
        { file, reason },
        'the last good set cannot be written; a restart without the source will not know these endpoints',
      )
    },
  )
  return {
    async read() {
      try {
        const saved = await readSet(file, identity)
        if (saved === undefined || clock.wallMs() - saved.asOfMs <= MAX_AGE_MS) return saved
        log.warn({ file }, 'the last good set is older than 72 hours and is ignored')
      } catch (error) {
        const reason = (error as Error).message
        log.warn({ file, reason }, 'the last good set cannot be read and is ignored')
      }
      return undefined
    },
    save(set) {
      const isSame = lastInstances !== undefined && areSameInstances(lastInstances, set.instances)
      if (isSame && set.asOfMs - lastSavedMs < REFRESH_MS) return
      lastInstances = set.instances
      lastSavedMs = set.asOfMs
      writes.put(set)
    },
    close: writes.done,
  }
}

function fileOf({ stateDirectory, kind, service, scope }: LastGoodOptions): string {
  const plain = service.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 100)
  const isExact = plain === service && scope === ''
  const mark = createHash('sha256')
    .update(JSON.stringify([service, scope]))
    .digest('hex')
  return join(
    stateDirectory,
    'discovery',
    `${kind}-${plain}${isExact ? '' : `-${mark.slice(0, 12)}`}.json`,
  )
}

async function readSet(file: string, identity: string): Promise<SavedSet | undefined> {
  let text: string
  try {
    const { size } = await stat(file)
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_BYTES}`)
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return readSavedInstances(await parseSaved(text), identity)
}
