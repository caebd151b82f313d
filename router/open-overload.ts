// Overload put together: what is measured, where its level is told, and the queues that follow it.
import { type Clock, systemClock, systemRandom } from '#foundation/clock.ts'
import type { Log } from '#foundation/log.ts'
import type { Telemetry } from '#foundation/telemetry.ts'
import type { ActiveTable } from './active-table.ts'
import type { CallObserver } from './observe.ts'
import { Overload } from './overload/overload.ts'
import { type Level, type Signals, saysOf } from './overload/pressure.ts'
import { processSignals } from './overload/process-signals.ts'

export interface OpenedOverload {
  readonly overload: Overload
  readonly close: () => void
}

export function openOverload(from: {
  readonly active: ActiveTable
  readonly observer: CallObserver
  readonly telemetry: Pick<Telemetry, 'meter'>
  readonly log: Log
}): OpenedOverload {
  const own = processSignals()
  const overload = new Overload({
    read: () => ({
      ...own.read(),
      inFlight: from.observer.totals.inFlight,
      oldestWaitMs: oldestWaitMs(from.active, systemClock),
    }),
    inFlight: () => from.observer.totals.inFlight,
    random: systemRandom,
    onReading: level => {
      from.observer.tellShed()
      for (const { slots } of from.active.clusters.values()) slots.overloaded(level)
    },
    onLevel: change => sayLevel(from.log, change),
  })
  observeOverload(from.telemetry, overload)
  overload.start()
  return {
    overload,
    close: () => {
      overload.close()
      own.close()
      from.observer.tellShed()
    },
  }
}

function oldestWaitMs({ clusters }: ActiveTable, { nowMs }: Clock): number {
  let oldest = 0
  const now = nowMs()
  for (const { slots } of clusters.values()) oldest = Math.max(oldest, slots.oldestWaitMs(now))
  return oldest
}

function sayLevel(
  log: Log,
  {
    level,
    before,
    signals,
  }: { readonly level: Level; readonly before: Level; readonly signals: Signals },
): void {
  const fields = { event: 'overload.level', level, before, ...shownSignals(signals) }
  if (level > before) log.warn(fields, `overload: ${saysOf(level)}`)
  else log.info(fields, `overload: ${saysOf(level)}`)
}

export const shownSignals = (signals: Signals): Signals => ({
  loopDelayMs: Math.round(signals.loopDelayMs * 10) / 10,
  busyShare: Math.round(signals.busyShare * 1_000) / 1_000,
  heapShare: Math.round(signals.heapShare * 1_000) / 1_000,
  inFlight: signals.inFlight,
  oldestWaitMs: Math.round(signals.oldestWaitMs),
})

function observeOverload({ meter }: Pick<Telemetry, 'meter'>, overload: Overload): void {
  const gauge = (name: string, description: string, read: () => number): void => {
    meter.createObservableGauge(name, { description }).addCallback(result => result.observe(read()))
  }
  gauge(
    'ringmain.overload.level',
    '0 normal; 1 to 3: so many criticalities are refused; 4: no new connections either.',
    () => overload.level,
  )
  gauge(
    'ringmain.overload.loop_delay_seconds',
    'How much later than asked the event loop came round, on average over a quarter of a second.',
    () => overload.signals.loopDelayMs / 1_000,
  )
  gauge(
    'ringmain.overload.busy_share',
    'Of the last quarter of a second, the part in which the event loop had no rest.',
    () => overload.signals.busyShare,
  )
  gauge(
    'ringmain.overload.heap_share',
    'Of the heap that the process may have, the part that is used.',
    () => overload.signals.heapShare,
  )
  meter
    .createObservableCounter('ringmain.calls.shed', {
      description: 'Calls refused because the router was overloaded.',
    })
    .addCallback(result => {
      for (const [criticality, count] of overload.shed)
        result.observe(count, { 'ringmain.criticality': criticality })
    })
}
