// Collects what a discovery publishes, and waits for a set by the event of its publication.
import type { Instance, Snapshot } from '#router/clusters/discovery/instance.ts'

export interface SnapshotLog {
  readonly publish: (snapshot: Snapshot) => void
  readonly all: readonly Snapshot[]
  readonly newest: () => readonly Instance[]
  /** Resolves when the newest set fits, now or later; rejects, saying what stands, after the bound. */
  readonly until: (fits: (snapshot: Snapshot) => boolean, boundMs?: number) => Promise<Snapshot>
}

export function snapshotLog(): SnapshotLog {
  const all: Snapshot[] = []
  const watchers = new Set<(snapshot: Snapshot) => void>()
  return {
    all,
    publish(snapshot) {
      all.push(snapshot)
      for (const watcher of watchers) watcher(snapshot)
    },
    newest: () => all.at(-1)?.instances ?? [],
    until(fits, boundMs = 5_000) {
      const last = all.at(-1)
      if (last !== undefined && fits(last)) return Promise.resolve(last)
      return new Promise((resolve, reject) => {
        const bound = setTimeout(() => {
          watchers.delete(watcher)
          const stands = JSON.stringify(all.at(-1) ?? 'nothing published')
          reject(new Error(`no fitting set within ${boundMs} ms; what stands: ${stands}`))
        }, boundMs)
        const watcher = (snapshot: Snapshot) => {
          if (!fits(snapshot)) return
          clearTimeout(bound)
          watchers.delete(watcher)
          resolve(snapshot)
        }
        watchers.add(watcher)
      })
    },
  }
}

/** A log that keeps its sentences, for tests that read them. */
export function sentenceLog() {
  const sentences: string[] = []
  const keep = (fields: object, says: string) => {
    sentences.push(`${says} ${JSON.stringify(fields)}`)
  }
  return { sentences, info: keep, warn: keep }
}
