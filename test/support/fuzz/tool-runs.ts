// What tools ran for a case, by the token in the bytes of their calls: how often, for how long, and whether they were let go.

export interface ToolRun {
  readonly tool: string
  readonly forMs: number
  /** Nobody wanted its answer any more. */
  readonly isLeft: boolean
}

export interface ToolRuns {
  /** From now on; what bears no token that is watched is not kept. */
  readonly watch: (token: string) => void
  /** A tool begins; what is returned is called once, when it ends. */
  readonly began: (tool: string, body: string) => (isLeft: boolean) => void
  /** All that have begun, once they have ended; what has not within ten seconds has run on. */
  readonly ended: (token: string) => Promise<readonly ToolRun[]>
  readonly forget: (token: string) => void
}

const MOST_MS = 10_000
const TOKENS = /tk[0-9]{8}/g

export function toolRuns(): ToolRuns {
  const runs = new Map<string, Promise<ToolRun>[]>() // bounded by the cases under way
  return {
    watch: token => void runs.set(token, []),
    began: (tool, body) => {
      const beganMs = performance.now()
      const { promise, resolve } = Promise.withResolvers<ToolRun>()
      const end = (isLeft: boolean): void =>
        resolve({ tool, forMs: performance.now() - beganMs, isLeft })
      const timer = setTimeout(() => end(false), MOST_MS)
      for (const token of new Set(body.match(TOKENS))) runs.get(token)?.push(promise)
      return isLeft => {
        clearTimeout(timer)
        end(isLeft)
      }
    },
    ended: token => Promise.all(runs.get(token) ?? []),
    forget: token => void runs.delete(token),
  }
}
