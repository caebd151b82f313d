// Counts what a replica really ran: the only figure that can show a call executed twice.
// A tool is counted when it starts, so a call that was cut off is counted too.

export interface ExecutionsView {
  readonly replica: string
  readonly pid: number
  readonly executions: Readonly<Record<string, number>>
  readonly inFlight: number
}

export interface Executions {
  readonly replica: string
  /** Returns what must be called once when the tool has ended, whichever way. */
  readonly begin: (tool: string) => () => void
  readonly view: () => ExecutionsView
  /** Settles as soon as no tool runs. */
  readonly idle: () => Promise<void>
}

export function createExecutions(replica: string, tools: readonly string[]): Executions {
  const counts: Record<string, number> = Object.fromEntries(tools.map(tool => [tool, 0]))
  let inFlight = 0
  let waiting: (() => void)[] = []
  const end = (): void => {
    inFlight -= 1
    if (inFlight > 0) return
    for (const settle of waiting) settle()
    waiting = []
  }
  return {
    replica,
    begin: tool => {
      counts[tool] = (counts[tool] ?? 0) + 1
      inFlight += 1
      return end
    },
    view: () => ({ replica, pid: process.pid, executions: { ...counts }, inFlight }),
    idle: () =>
      inFlight === 0 ? Promise.resolve() : new Promise(resolve => waiting.push(() => resolve())),
  }
}
