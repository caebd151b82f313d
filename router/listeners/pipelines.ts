// Requests that are sent on a connection before the ones before them are answered. Node takes any number, and keeps each until its
// turn to be answered has come: behind a call that takes long, one connection could fill the memory.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { lingerAtEnd } from './linger.ts'

/** Assistants and proxies send the next request when they have the answer. */
export const MOST_WAITING = 32
/** Then the caller connects anew, and may reach another router behind the same address. Node would only say so, and keep the connection. */
export const MOST_REQUESTS = 1_000

interface Pipeline {
  seen: number
  /** Whose turn has not come, or will not come: they stand behind the last that is answered. */
  waiting: number
  isEnding: boolean
}

export class Pipelines {
  readonly #of = new WeakMap<Socket, Pipeline>()

  /** The connection ends with this answer: what is pipelined behind it is not looked at. */
  endWith({ socket }: IncomingMessage, response: ServerResponse): void {
    response.shouldKeepAlive = false
    this.#pipeline(socket).isEnding = true
    lingerAtEnd(socket)
  }

  /** Whether a request is looked at. One that is not gets no answer; where too many wait, their connection breaks. */
  admits(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request
    const pipeline = this.#pipeline(socket)
    if (pipeline.isEnding || response.socket === null) {
      pipeline.waiting += 1
      if (pipeline.waiting > MOST_WAITING) socket.destroy()
      if (pipeline.isEnding || socket.destroyed) return false
      response.once('socket', () => {
        pipeline.waiting -= 1
      })
    }
    pipeline.seen += 1
    if (pipeline.seen === MOST_REQUESTS) this.endWith(request, response)
    return true
  }

  #pipeline(socket: Socket): Pipeline {
    const known = this.#of.get(socket)
    if (known !== undefined) return known
    const pipeline = { seen: 0, waiting: 0, isEnding: false }
    this.#of.set(socket, pipeline)
    return pipeline
  }
}
