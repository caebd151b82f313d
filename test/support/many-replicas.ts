// Very many entries of one service, of the size that Consul's own have, for a fake agent.
import type { FakeReplica } from './fake-consul.ts'

/** Makes an entry weigh 1.47 kB, as one with two checks does in a real catalogue. */
const PADDING = 'x'.repeat(260)

export const manyReplicas = (count: number, port: number): readonly FakeReplica[] =>
  Array.from({ length: count }, (_, number) => ({
    id: `tools-${String(number).padStart(6, '0')}`,
    port,
    address: '127.0.0.1',
    meta: {
      'rm-v': '1',
      'rm-eras': 'modern,legacy',
      'rm-proto': '2026-07-28,2025-11-25',
      'rm-zone': `eu1-${number % 3}`,
      'rm-app': '2.4.1',
    },
    checks: [{ id: `service:tools-${number}`, status: 'passing', notes: PADDING }],
  }))
