// How often replicas were ejected, by cluster and by reason.
import type { Meter } from '@opentelemetry/api'
import type { ActiveTable } from './active-table.ts'

/** Counted by each cluster since it was opened: a change of its document begins them anew, as a restart does. */
export function observeEjections(meter: Meter, active: Pick<ActiveTable, 'clusters'>): void {
  meter
    .createObservableCounter('ringmain.ejections', {
      description: 'Times a replica was ejected, because its calls failed or by hand.',
    })
    .addCallback(result => {
      for (const [name, { ejections }] of active.clusters)
        for (const [reason, count] of Object.entries(ejections.counts))
          if (count > 0) result.observe(count, { 'ringmain.cluster': name, reason })
    })
}
