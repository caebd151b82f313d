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
}

export function createExecutions(replica: string, tools: readonly string[]): Executions {
  const counts: Record<string, number> = Object.fromEntries(tools.map(tool => [tool, 0]))
  let inFlight = 0
  return {
    replica,
    begin: tool => {
      counts[tool] = (counts[tool] ?? 0) + 1
      inFlight += 1
      return () => {
        inFlight -= 1
      }
    },
    view: () => ({ replica, pid: process.pid, executions: { ...counts }, inFlight }),
  }
}
