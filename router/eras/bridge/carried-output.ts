// What a replica of the other era sends, message by message: each is held until it is whole, said in the caller's era, and goes on.

import type { AskedRound, Carried, Carry, OpenQuestion } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { asEvent, eventData } from '../event-data.ts'
import { Gathered } from '../gathered.ts'
import type { Outlet } from '../held-output.ts'
import { MOST_QUESTIONS } from './rounds.ts'

/** Largest message that is carried between eras, in bytes: it is held whole, and once more as it goes on. */
export const MOST_CARRIED = 16_777_216

const TOO_MANY: Refusal = {
  code: 'RINGMAIN_QUESTION_UNANSWERED',
  says: 'It asks for more at once than is carried.',
}
const TOO_LARGE: Refusal = {
  code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
  says: `A message of more than ${MOST_CARRIED / 1_048_576} MiB is not carried between the eras.`,
}

/** Gathers one message after the other; of an event stream those that are in order. */
export class CarriedOutput implements Outlet {
  /** Nothing of a message goes out before all of it has come. */
  readonly isOpen = false
  /** Why nothing more goes on. */
  refusal: Refusal | undefined
  /** Instead of an answer: what the server wants to know of the caller before it gives one. */
  asked: AskedRound | undefined
  /** What a legacy server waits for; it asks all of it at once, or one after the other. */
  readonly questions: OpenQuestion[] = [] // bounded by MOST_QUESTIONS
  readonly #carry: Carry
  readonly #write: (piece: Buffer) => void
  readonly #gathered = new Gathered()

  constructor(carry: Carry, write: (piece: Buffer) => void) {
    this.#carry = carry
    this.#write = write
  }

  add(piece: Buffer, isLent = false): void {
    if (this.refusal !== undefined) return
    if (this.#gathered.length + piece.length <= MOST_CARRIED)
      return this.#gathered.add(isLent ? Buffer.from(piece) : piece)
    this.#gathered.takePieces()
    this.refusal = TOO_LARGE
  }

  /** An event, or a comment, is whole. */
  settle(): void {
    const event = this.#gathered.take()
    if (event.length === 0 || this.refusal !== undefined) return
    const json = eventData(event)
    if (json === undefined) {
      this.#write(event)
      return
    }
    if (json.length === 0) return // a stream that may be resumed begins so (2025-11-25), and this one may not
    const carried = this.#carried(json)
    if (carried.kind === 'on') this.#write(asEvent(carried.json))
  }

  /** The whole body was one message. Empty where it is refused. */
  take(): Buffer {
    const json = this.#gathered.take()
    const carried = this.refusal === undefined ? this.#carried(json) : undefined
    return carried?.kind === 'on' ? carried.json : NOTHING
  }

  #carried(json: Buffer): Carried {
    const carried = this.#carry(json)
    if (carried.kind === 'refuse') this.refusal = carried.refusal
    else if (carried.kind === 'ask') this.asked = carried.asked
    else if (carried.kind === 'question') this.#question(carried.question)
    return carried
  }

  #question(question: OpenQuestion): void {
    if (this.questions.length === MOST_QUESTIONS) this.refusal = TOO_MANY
    else this.questions.push({ ...question, key: `q${this.questions.length + 1}` })
  }
}

const NOTHING = Buffer.alloc(0)
