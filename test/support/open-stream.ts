// An event stream by hand: what came on it, event by event, and its end.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { RawRequest } from './raw-http.ts'

export interface SeenEvent {
  readonly id?: string
  readonly retry?: number
  /** Undefined for an event without data. */
  readonly message?: Readonly<Record<string, unknown>>
}

export interface OpenedStream extends AsyncDisposable {
  readonly status: number
  readonly events: readonly SeenEvent[]
  /** What came that was no event: shows that it lives. */
  readonly comments: () => number
  /** Resolves with the first event that fits, come or to come. */
  readonly event: (fits: (event: SeenEvent) => boolean) => Promise<SeenEvent>
  readonly notified: (method: string) => Promise<Readonly<Record<string, unknown>>>
  /** Resolves when it is over: whole, or broken off. */
  readonly ended: Promise<'whole' | 'cut'>
  readonly close: () => void
}

/** Resolves with its head. */
export function openStream(url: string, options: RawRequest): Promise<OpenedStream> {
  const { method = 'POST', headers = {}, body } = options
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, response =>
      resolve(reading(response, () => request.destroy())),
    )
    request.on('error', reject)
    request.end(body)
  })
}

function reading(response: IncomingMessage, close: () => void): OpenedStream {
  const events: SeenEvent[] = []
  const waiting = new Set<() => void>()
  let comments = 0
  let text = ''
  const ended = Promise.withResolvers<'whole' | 'cut'>()
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = eventIn(text.slice(0, end))
      text = text.slice(end + 2)
      if (event === undefined) comments += 1
      else events.push(event)
    }
    for (const look of waiting) look()
  })
  response.on('end', () => ended.resolve('whole'))
  response.on('error', () => ended.resolve('cut'))
  response.on('close', () => ended.resolve('cut'))
  const event: OpenedStream['event'] = fits =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find(fits)
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
      void ended.promise.then(how =>
        reject(new Error(`the stream ended ${how} after ${JSON.stringify(events)}`)),
      )
    })
  return {
    status: response.statusCode ?? 0,
    events,
    comments: () => comments,
    event,
    notified: async method => {
      const { message = {} } = await event(one => one.message?.['method'] === method)
      return message
    },
    ended: ended.promise,
    close,
    [Symbol.asyncDispose]: async () => {
      close()
      await ended.promise
    },
  }
}

function eventIn(block: string): SeenEvent | undefined {
  const fields = block
    .split('\n')
    .map(line => /^([a-z]+):? ?(.*)$/.exec(line))
    .filter(field => field !== null)
  const of = (name: string): string | undefined => fields.findLast(field => field[1] === name)?.[2]
  const [id, retry, data] = [of('id'), of('retry'), of('data')]
  if (fields.length === 0) return undefined
  return {
    ...(id === undefined ? {} : { id }),
    ...(retry === undefined ? {} : { retry: Number(retry) }),
    ...(data === undefined || data === ''
      ? {}
      : { message: JSON.parse(data) as Readonly<Record<string, unknown>> }),
  }
}
