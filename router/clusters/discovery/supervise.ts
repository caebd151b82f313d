// Keeps work going that must never end by itself. What it throws is our own fault: it is told, and the work begins again.
import { backOffMs, type DiscoveryPorts } from './ports.ts'

/** Work that held this long is not one that fails again and again. */
const CALM_MS = 60_000

export interface SupervisorPorts extends Pick<DiscoveryPorts, 'clock' | 'random' | 'wait'> {
  readonly onDefect: (error: unknown) => void
}

/** Resolves when the signal has aborted and the work has ended; never rejects. */
export async function supervise(
  work: () => Promise<void>,
  { clock, random, wait, onDefect }: SupervisorPorts,
  signal: AbortSignal,
): Promise<void> {
  for (let defects = 0; !signal.aborted; ) {
    const beganMs = clock.nowMs()
    try {
      await work()
      if (!signal.aborted) onDefect(new Error('it ended by itself'))
    } catch (error) {
      if (!signal.aborted) onDefect(error)
    }
    defects = clock.nowMs() - beganMs > CALM_MS ? 1 : defects + 1
    if (!signal.aborted) await wait(backOffMs(defects, random), signal)
  }
}
