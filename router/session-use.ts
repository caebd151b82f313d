// A session that one exchange has to itself, until nothing of it is under way: then it may be used again, or is to be ended.
import type { Lent, Replica } from './choose-replica.ts'
import type { AfterHead, Attempt } from './facts.ts'
import { outcomeOf } from './outcome.ts'

export class SessionUse {
  readonly #lent: Lent
  readonly #told = Promise.withResolvers<AfterHead>()
  #cancelling: Promise<void> | undefined
  #isSpent = false
  #isKept = false

  constructor(lent: Lent) {
    this.#lent = lent
  }

  /** Its reader says how the answer ended. */
  ended(tell: (after: AfterHead) => void): (after: AfterHead) => void {
    return after => {
      tell(after)
      this.#told.resolve(after)
    }
  }

  /** Nobody waits for it any more; the session must still be there when its tool is told. */
  cancelled(said: Promise<void> | undefined): void {
    this.#isSpent = true
    this.#cancelling = said
  }

  /** Whatever comes of the exchange, nobody else is to have the session. */
  spend(): void {
    this.#isSpent = true
  }

  /** The call waits in it for its caller to come back. */
  keep(): void {
    this.#isKept = true
  }

  /** Nothing more will come of the exchange. `abandon` tells a tool that took too long. */
  async over(attempt: Promise<Attempt>, abandon: () => void): Promise<void> {
    if (this.#isKept) return
    const head = await attempt
    if (head.kind === 'timeout') abandon()
    const { giveBack, end } = this.#lent
    const isClean = giveBack !== undefined && (await this.#isClean(head))
    await this.#cancelling
    if (isClean) giveBack()
    else end()
  }

  async #isClean(head: Attempt): Promise<boolean> {
    if (head.kind !== 'answered' || head.status !== 200 || this.#isSpent) return false
    return isGood(head, await this.#told.promise) && !this.#isSpent
  }
}

/** Nothing was sent in it. */
export function forgoUse({ own }: Pick<Replica, 'own'>): void {
  if (own?.giveBack === undefined) own?.end()
  else own.giveBack()
}

/** Of anything else nobody knows what has been left in the session. */
function isGood(head: Attempt, after: AfterHead): boolean {
  const { verdict, fault } = outcomeOf(head, after)
  return verdict === 'answered' && (fault === 'none' || fault === 'tool')
}
