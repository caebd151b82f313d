// What attempts at replicas go through, over connections that the test plays: no time passes, nothing is left to chance, and no retry is refused.
import { createSealer } from '#foundation/seal.ts'
import type { ActiveTable } from '#router/active-table.ts'
import type { AttemptPorts } from '#router/attempt-path.ts'
import { RetryBudgets } from '#router/retry-budget.ts'
import type { FakeSend } from './fake-send.ts'

/** Ids of requests count on from 1,000. */
export function attemptPorts(
  active: ActiveTable,
  { send, say }: Pick<FakeSend, 'send' | 'say'>,
): Omit<AttemptPorts, 'asks' | 'parked' | 'pool'> {
  let id = 1_000
  return {
    active,
    send,
    say,
    nextId: () => (id += 1),
    client: { name: 'ringmain', version: '1' },
    nowMs: () => 0,
    random: () => 0,
    sealer: createSealer(Buffer.alloc(32)),
    budgets: new RetryBudgets(() => 0),
  }
}
