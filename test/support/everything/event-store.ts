// Events of the streams of one legacy session, kept so that a caller which lost a stream gets the rest of it.
import { randomUUID } from 'node:crypto'

interface Kept {
  readonly id: string
  readonly stream: string
  readonly message: unknown
}

/** The newest that are kept of one session; what is asked for beyond them is not known. */
const MOST = 1_000

/** Fits the event stores of both SDKs. */
export interface SessionEvents<Message> {
  readonly storeEvent: (stream: string, message: Message) => Promise<string>
  readonly getStreamIdForEventId: (id: string) => Promise<string | undefined>
  readonly replayEventsAfter: (
    last: string,
    to: { readonly send: (id: string, message: Message) => Promise<void> },
  ) => Promise<string>
}

export function sessionEvents<Message>(): SessionEvents<Message> {
  const kept: Kept[] = []
  const find = (id: string): number => kept.findIndex(one => one.id === id)
  return {
    storeEvent: async (stream, message) => {
      const id = randomUUID()
      kept.push({ id, stream, message })
      if (kept.length > MOST) kept.shift()
      return id
    },
    getStreamIdForEventId: async id => kept[find(id)]?.stream,
    replayEventsAfter: async (last, { send }) => {
      const at = find(last)
      const stream = kept[at]?.stream
      if (stream === undefined) throw new Error(`no event ${last}`)
      for (const one of kept.slice(at + 1))
        if (one.stream === stream && isMessage(one.message))
          await send(one.id, one.message as Message)
      return stream
    },
  }
}

/** The first event of a stream is kept without a message, only for its id. */
const isMessage = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'jsonrpc' in message
