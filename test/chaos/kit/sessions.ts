// Callers of the legacy era, who each hold a session. One that is told that its session is lost opens another, as the era has it, and
// never asks again for what it asked for in the lost one.
import { openSession } from '#test/support/raw-http.ts'
import { nowMs } from './ledger.ts'

export interface HeldSession {
  readonly name: string
  /** Undefined while there is none. */
  readonly id: string | undefined
  /** How long each renewal took, in milliseconds. */
  readonly renewals: readonly number[]
  /** Nothing when it was the session before this one. */
  readonly lost: (id: string) => void
}

const AGAIN_MS = 50

/** `isOver`: nobody needs one any more. */
export function holdSessions(
  url: string,
  count: number,
  isOver: () => boolean,
): Promise<readonly HeldSession[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const renewals: number[] = []
      let id: string | undefined = await openSession(url)
      const renew = async (): Promise<void> => {
        const fromMs = nowMs()
        while (id === undefined && !isOver()) {
          id = await openSession(url).catch(() => undefined)
          if (id === undefined) await new Promise(resolve => setTimeout(resolve, AGAIN_MS))
        }
        renewals.push(nowMs() - fromMs)
      }
      return {
        name: `session-${index}`,
        get id() {
          return id
        },
        renewals,
        lost: before => {
          if (before !== id) return
          id = undefined
          void renew()
        },
      }
    }),
  )
}
