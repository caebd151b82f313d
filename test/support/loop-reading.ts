// Reads what `loop-probe.ts` measures inside a router process.
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { RouterProcess } from './router-process.ts'

export interface LoopReading {
  /** The longest the event loop was held up since the reading before, by whatever the machine did. */
  readonly heldMs: number
  /** The most processor time of its own between two turns of the loop. */
  readonly workMs: number
  /** Processor time since the start. */
  readonly cpuMs: number
  readonly heapUsed: number
  readonly rss: number
}

/** For the environment of the process. */
export const LOOP_PROBE = { NODE_OPTIONS: `--import ${join(import.meta.dirname, 'loop-probe.ts')}` }

/** Without looking for `ms`, and then again: the share of a core that the process takes of its own. */
export async function shareWithoutLooking(router: RouterProcess, ms: number): Promise<number> {
  router.child.send('loop rest')
  const before = await readLoop(router)
  const beganMs = performance.now()
  await pause(ms)
  const after = await readLoop(router)
  router.child.send('loop begin')
  return (after.cpuMs - before.cpuMs) / (performance.now() - beganMs)
}

export async function readLoop({ child }: RouterProcess): Promise<LoopReading> {
  child.send('loop?')
  for (;;) {
    const [message] = (await once(child, 'message')) as [LoopReading & { readonly type?: string }]
    if (message.type === 'loop') return message
  }
}
