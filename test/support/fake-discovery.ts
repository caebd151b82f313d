// A source of replicas that publishes what a test says, when it says so.
import type { Discovery, DiscoveryStatus, Instance } from '#router/clusters/discovery/instance.ts'

export interface FakeDiscovery extends Discovery {
  readonly publish: (...instances: readonly Instance[]) => void
  /** What it says of itself from now on. */
  readonly tell: (status: Partial<DiscoveryStatus>) => void
  readonly released: readonly string[]
  readonly isClosed: () => boolean
}

export function fakeDiscovery(): FakeDiscovery {
  const released: string[] = []
  const state = { isClosed: false, isSynced: false }
  let told: Partial<DiscoveryStatus> = {}
  let listener: Parameters<Discovery['start']>[0] | undefined
  return {
    released,
    isClosed: () => state.isClosed,
    start: publish => {
      listener = publish
    },
    publish: (...instances) => {
      state.isSynced = true
      listener?.({ instances, asOfMs: 0, from: 'source' })
    },
    tell: status => {
      told = status
    },
    status: () => ({ kind: 'fake', isSynced: state.isSynced, failuresInRow: 0, ...told }),
    release: key => void released.push(key),
    close: () => {
      state.isClosed = true
      return Promise.resolve()
    },
  }
}
