// A cluster as the admin listener is shown it, with everything well unless the test says otherwise.
import type { ShownCluster, ShownEndpoint } from '#router/admin/views.ts'

export const shownEndpoint = (differences: Partial<ShownEndpoint> = {}): ShownEndpoint => ({
  key: 'r1',
  origin: 'http://127.0.0.1:1',
  instance: { state: 'ready', weight: 1 },
  tier: 'zone',
  health: 'up',
  reason: undefined,
  whyApart: undefined,
  breaker: undefined,
  override: undefined,
  learned: { eras: ['modern'] },
  ewmaMs: () => 12.345_6,
  limitNow: Number.POSITIVE_INFINITY,
  inFlight: 1,
  streams: 2,
  calls: 3,
  faults: 4,
  checkedAtMs: 900,
  ...differences,
})

export const shownCluster = (
  endpoints: readonly ShownEndpoint[] = [shownEndpoint()],
  differences: Partial<ShownCluster> = {},
  status: Partial<ReturnType<ShownCluster['discovery']['status']>> = {},
): ShownCluster => ({
  policy: { name: 'crm', vendor: 'acme', clearance: 'internal', assurance: 'standard' },
  slots: { length: 0 },
  snapshot: { from: 'source', asOfMs: 10_000 },
  discovery: { status: () => ({ kind: 'file', isSynced: true, ...status }) },
  endpoints,
  notes: () => [],
  serving: () => endpoints,
  ...differences,
})
