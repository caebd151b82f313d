// What the sessions leave behind that the router opens for calls of its callers: how many calls got which, and how many wait.
import type { Observe, Telemetry } from '#foundation/telemetry.ts'
import type { SessionPool } from './session-pool.ts'

export function observePool(
  { meter, gauges }: Pick<Telemetry, 'meter' | 'gauges'>,
  pool: Pick<SessionPool, 'lent' | 'idle'>,
): void {
  const lent = meter.createObservableCounter('ringmain.sessions.lent', {
    description:
      'Sessions that the router opened, as calls were given them: for the call, used again, or since the replica had forgotten the one that was used again.',
  })
  lent.addCallback(result => {
    for (const [cluster, counts] of pool.lent)
      for (const [how, count] of Object.entries(counts))
        result.observe(count, { 'ringmain.cluster': cluster, how })
  })
  gauges({
    descriptions: {
      'ringmain.sessions.idle':
        'Sessions that the router opened and that wait for their next call.',
    },
    read: (observe: Observe<'ringmain.sessions.idle'>) => {
      for (const [cluster, count] of pool.idle())
        observe('ringmain.sessions.idle', count, { 'ringmain.cluster': cluster })
    },
  })
}
