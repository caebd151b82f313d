// Runs a task that must not overlap itself. Asked while it runs, it runs once more, however often it was asked.
export interface Turns<Ask> {
  readonly ask: (ask: Ask) => void
  /** Resolves when nothing runs and nothing waits. */
  readonly idle: () => Promise<void>
}

/** `stronger` joins what waits with what is asked on top of it. The task must not reject. */
export function oneAtATime<Ask>(
  task: (ask: Ask) => Promise<void>,
  stronger: (waiting: Ask, asked: Ask) => Ask,
): Turns<Ask> {
  let running: Promise<void> | undefined
  let waiting: { readonly ask: Ask } | undefined
  const run = async () => {
    for (let next = waiting; next !== undefined; next = waiting) {
      waiting = undefined
      await task(next.ask)
    }
    running = undefined
  }
  return {
    ask(ask) {
      waiting = { ask: waiting === undefined ? ask : stronger(waiting.ask, ask) }
      running ??= run()
    },
    idle: async () => running,
  }
}
