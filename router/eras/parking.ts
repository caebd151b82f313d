// A legacy server asks on the stream of a call, and its caller is a modern one: it is told what is asked, and the call waits for its next
// round. What has been read of the stream by then is whole; the rest is for whoever goes on with it.
import type { Park, Relay, UpstreamBody, UpstreamSink } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import { inputRequired } from './bridge/rounds.ts'
import { MOST_HELD } from './held-output.ts'
import type { After } from './relay.ts'

/** A server that asks several things asks them one right after the other. */
const QUIET_MS = 25

type Questions = Parameters<Park>[0]['questions']

interface Parking {
  readonly park: Park
  readonly after: After
  readonly relay: Pick<Relay, 'body' | 'callerIdJson' | 'abandon'>
  readonly out: { readonly questions: Questions }
  readonly events: { readonly isBetween: boolean; readonly lastEventId: string | undefined }
  readonly isOver: () => boolean
  /** The caller has its answer. */
  readonly told: (json: Buffer) => void
  readonly fail: (refusal: Refusal) => void
}

/** Reads on for as long as nothing is asked; from then on whoever goes on with the stream has the rest of it. */
export function parkable<Sink extends UpstreamSink>(sink: Sink, of: Parking): Sink {
  let onward: HeldStream | undefined
  const look = parking(of, () => {
    onward = new HeldStream(of.relay.body)
    return onward
  })
  return {
    ...sink,
    data: (chunk: Buffer) => {
      if (onward !== undefined) return onward.data(chunk)
      const mayGoOn = sink.data(chunk)
      look()
      return mayGoOn
    },
    end: () => {
      look(true)
      ;(onward ?? sink).end()
    },
    broken: () => (onward ?? sink).broken(),
  }
}

/** To be called after each read, and at the end. */
function parking(of: Parking, hold: () => UpstreamBody): (isEnd?: true) => void {
  let isWaiting = false
  const park = (): void => {
    isWaiting = false
    if (of.isOver()) return
    const { questions } = of.out
    const { isBetween, lastEventId } = of.events
    if (!isBetween) return look()
    const numbered = lastEventId === undefined ? {} : { lastEventId }
    const parked = of.park({ questions, ...numbered, hold })
    if ('refusal' in parked) {
      of.fail(parked.refusal)
      of.relay.abandon() // nobody will answer it
    } else of.told(inputRequired(of.relay.callerIdJson, questions, parked.state))
  }
  const look = (isEnd?: true): void => {
    if (of.out.questions.length === 0) return
    if (isEnd === true) park()
    else if (!isWaiting) {
      isWaiting = true
      of.after(QUIET_MS, park)
    }
  }
  return look
}

/** The rest of a stream, kept for whoever goes on with it: no more than is kept of one that nobody reads. */
export class HeldStream implements UpstreamBody, UpstreamSink {
  readonly #body: UpstreamBody
  #sink: UpstreamSink | undefined
  #kept: Buffer[] = []
  #bytes = 0
  #ending: 'end' | 'broken' | undefined

  /** Its server waits for an answer, and has nothing to say until then. */
  constructor(body: UpstreamBody) {
    this.#body = body
    body.rest()
  }

  data(chunk: Buffer): boolean {
    if (this.#sink !== undefined) return this.#sink.data(chunk)
    this.#kept.push(chunk)
    this.#bytes += chunk.length
    return this.#bytes <= MOST_HELD
  }

  end(): void {
    this.#ending = 'end'
    this.#sink?.end()
  }

  broken(): void {
    this.#ending = 'broken'
    this.#sink?.broken()
  }

  pipe(sink: UpstreamSink): void {
    let mayGoOn = true
    for (const chunk of this.#kept) mayGoOn = sink.data(chunk) && mayGoOn
    this.#kept = []
    this.#sink = sink
    if (this.#ending !== undefined) sink[this.#ending]()
    else if (mayGoOn) this.#body.resume()
  }

  resume(): void {
    this.#body.resume()
  }

  rest(): void {
    this.#body.rest()
  }

  abort(): void {
    this.#body.abort()
  }

  /** A stream is never read as a whole. */
  async collect(): Promise<'broken'> {
    this.abort()
    return 'broken'
  }

  async breaksEarly(): Promise<boolean> {
    return this.#ending === 'broken'
  }
}
