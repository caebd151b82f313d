// Says when a folder may have changed: 100 ms after the last of a burst of events, and every few seconds regardless.
// The file system's own events may be lost, and a watch goes blind when its folder is replaced, so both are only hints.
import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'

export type Hint = 'event' | 'poll'

const SETTLE_MS = 100
const POLL_MS = 2_000

export interface FolderWatch {
  readonly close: () => void
}

export function watchFolder(directory: string, onHint: (hint: Hint) => void): FolderWatch {
  let watcher: FSWatcher | undefined
  let watched = ''
  let settling: NodeJS.Timeout | undefined
  let isClosed = false

  const unwatch = () => {
    watcher?.close()
    watcher = undefined
    watched = ''
  }
  const settle = () => {
    if (isClosed) return
    clearTimeout(settling)
    settling = setTimeout(() => {
      void arm() // The event may have been the end of the folder that is watched.
      onHint('event')
    }, SETTLE_MS)
  }
  /** Makes sure that the folder under this name now is the one that is watched. */
  const arm = async () => {
    const identity = await identityOf(directory)
    if (isClosed || identity === watched) return
    unwatch()
    if (identity === '') {
      settle() // Its end may have gone unseen with the watch.
      return
    }
    try {
      watcher = watch(directory, settle)
      watched = identity
      // Gone or out of watches: the poll goes on and arms again.
      watcher.on('error', unwatch)
      settle() // What happened before the watch began went unseen.
    } catch {
      unwatch() // Gone since it was looked at, or out of watches; the poll is there for this.
    }
  }

  void arm()
  const polling = setInterval(() => {
    void arm()
    onHint('poll')
  }, POLL_MS)
  return {
    close() {
      isClosed = true
      clearInterval(polling)
      clearTimeout(settling)
      unwatch()
    },
  }
}

/** Tells one folder from another of the same name, even where inodes are used again; empty when there is none. */
async function identityOf(directory: string): Promise<string> {
  const found = await stat(directory).catch(() => undefined)
  return found === undefined ? '' : `${found.dev}:${found.ino}:${found.birthtimeMs}`
}
