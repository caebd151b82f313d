// Requests to replicas that go nowhere: a test sees what would be sent, and plays what comes back.
import type { Endpoint } from '#router/clusters/endpoint.ts'
import type { AfterHead } from '#router/facts.ts'
import type { Outgoing, Say, Send } from '#router/upstream/send.ts'
import { settle } from './manual-time.ts'
import { type PlayedExchange, playedExchange } from './played-exchange.ts'

export interface SentRequest extends PlayedExchange {
  readonly place: { readonly endpoint: Endpoint }
  readonly outgoing: Outgoing
  /** What its reader told of the answer. */
  readonly ends: readonly AfterHead[]
  /** JSON-RPC method, or the HTTP verb. */
  readonly method: string
  readonly message: Readonly<Record<string, unknown>>
  /** Answers with a JSON-RPC result under the id that was sent. */
  readonly result: (result: unknown, headers?: Readonly<Record<string, string>>) => Promise<void>
  readonly error: (
    status: number,
    code: number,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<void>
  readonly status: (status: number) => Promise<void>
  readonly header: (name: string) => string | undefined
}

export interface FakeSend {
  readonly send: Send
  readonly say: Say
  readonly sent: readonly SentRequest[]
  readonly methods: () => readonly string[]
  /** The newest request; with `method`, the newest of that method. */
  readonly last: (method?: string) => SentRequest
}

export function fakeSend(): FakeSend {
  const sent: SentRequest[] = []
  return {
    sent,
    methods: () => sent.map(({ method }) => method),
    last: method => {
      const found = sent.findLast(one => method === undefined || one.method === method)
      if (found === undefined) throw new Error(`no ${method ?? 'request'} was sent`)
      return found
    },
    send: (place, outgoing, onOver) => {
      const ends: AfterHead[] = []
      const request = { ...sentRequest(place, outgoing, onOver), ends }
      sent.push(request)
      return { ...request.sent, ended: after => void ends.push(after) }
    },
    say: (endpoint, outgoing) => {
      const request = sentRequest({ endpoint }, outgoing)
      sent.push(request)
      return request.sent
    },
  }
}

function sentRequest(
  place: SentRequest['place'],
  outgoing: Outgoing,
  onOver?: () => void,
): SentRequest {
  const played = playedExchange(undefined, onOver)
  const message = (
    outgoing.body === undefined ? {} : JSON.parse(outgoing.body.toString())
  ) as Record<string, unknown>
  const answer = async (
    status: number,
    body: object | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    played.answer({ 'content-type': 'application/json', ...headers }, status)
    if (body !== undefined)
      played.data(JSON.stringify({ jsonrpc: '2.0', id: message['id'], ...body }))
    played.end()
    await settle()
  }
  return {
    ...played,
    ends: [],
    place,
    outgoing,
    message,
    method: typeof message['method'] === 'string' ? message['method'] : outgoing.method,
    result: (result, headers) => answer(200, { result }, headers),
    error: (status, code, headers) =>
      answer(status, { error: { code, message: 'played' } }, headers),
    status: status => answer(status, undefined),
    header: name => {
      const at = outgoing.headers.indexOf(name)
      return at < 0 ? undefined : outgoing.headers[at + 1]
    },
  }
}
