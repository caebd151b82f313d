// From here on the call has a moment by which it must be over. What was spent on reading it counts.
import type { Arrived, Deadline, Decoded, Limited, McpAnswer, Resolved } from '#router/facts.ts'
import { go, refuse, type Stage } from '#router/pipeline/stage.ts'

export interface Deadlines {
  readonly open: (call: {
    readonly arrivedMs: number
    /** By the caller's own word. */
    readonly askedMs?: number
    readonly policy: Resolved['cluster']['deadline']
  }) => Deadline
}

export const deadline = (
  port: Deadlines,
): Stage<McpAnswer, Arrived & Decoded & Resolved, Limited> => ({
  name: 'deadline',
  decide: ({ arrivedMs, askedMs, cluster }) => {
    const asked = askedMs === undefined ? {} : { askedMs }
    const opened = port.open({ arrivedMs, ...asked, policy: cluster.deadline })
    return opened.isOver ? refuse('RINGMAIN_DEADLINE_EXCEEDED') : go({ deadline: opened })
  },
  settle: call => call.deadline.close(),
})
