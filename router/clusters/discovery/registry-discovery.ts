// Watches a registry file. Its folder is watched and not the file, since editors and mounted configurations replace a file
// by another of its name; and it is read now and then all the same, since such a watch can miss a change or go deaf.
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { Discovery, Instance } from './instance.ts'
import { createInstanceFeed } from './instance-feed.ts'
import type { DiscoveryPorts } from './ports.ts'
import { replicasIn } from './registry-file.ts'
import type { RegistryTexts } from './registry-texts.ts'

/** A save is several events; the file is read when they have settled. */
const SETTLE_MS = 75
const LOOK_AGAIN_MS = 5_000

export function createRegistryDiscovery(
  options: {
    readonly file: string
    readonly service: string
    readonly texts: RegistryTexts
  },
  ports: Pick<DiscoveryPorts, 'clock' | 'log' | 'wait'>,
): Discovery {
  const file = resolve(options.file)
  const shared = options.texts.open(file)
  const feed = createInstanceFeed({ kind: 'registry', ...ports })
  const closed = new AbortController()
  let nudge = new AbortController()
  let running: Promise<void> = Promise.resolve()

  let given: readonly Instance[] | undefined
  const readOnce = async () => {
    const reading = await shared.read()
    if (closed.signal.aborted) return
    if ('problem' in reading) {
      feed.fail(
        `The registry file ${file} cannot be used: ${reading.problem}. Correct it; it is read again.`,
      )
      return
    }
    const { instances, notes } = replicasIn(reading.registry, options.service)
    if (instances === given) feed.confirm({ notes })
    else feed.accept(instances, { notes })
    given = instances
  }
  const follow = async () => {
    let watcher: FSWatcher | undefined
    for (let change: AbortController; !closed.signal.aborted; ) {
      change = new AbortController()
      nudge = change
      // The new watch stands before the file is read, so no change falls between; a re-created folder is found this way.
      const next = watchFolder(file, () => change.abort())
      watcher?.close()
      watcher = next
      await readOnce()
      await ports.wait(LOOK_AGAIN_MS, AbortSignal.any([change.signal, closed.signal]))
      if (change.signal.aborted) await ports.wait(SETTLE_MS, closed.signal)
    }
    watcher?.close()
  }
  return {
    start(publish) {
      feed.begin(publish)
      running = follow()
    },
    status: feed.status,
    // The file is the only authority: nothing is ever held.
    release() {},
    async close() {
      closed.abort()
      nudge.abort()
      feed.close()
      await running
      shared.close()
    },
  }
}

/** Undefined when the folder cannot be watched, for it may not be there yet; the next look tries again. */
function watchFolder(file: string, onChange: () => void): FSWatcher | undefined {
  const name = basename(file)
  try {
    const watcher = watch(dirname(file), (_event, changed) => {
      // A mounted configuration swaps a link named `..data`; anything else in the folder is not ours.
      if (changed === null || changed === name || changed.startsWith('..')) onChange()
    })
    // A folder that goes away ends its watch; the next look opens another.
    return watcher.on('error', () => watcher.close())
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return undefined
  }
}
