// The three ways in which clients of the field call: in a legacy session, legacy without one, and modern. All are the official client.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

export const CALLERS = ['legacy session', 'legacy stateless', 'modern'] as const
export type CallerKind = (typeof CALLERS)[number]

export interface Caller extends AsyncDisposable {
  readonly client: Client
  /** Listens for another list of tools; resolves when it does, to a promise of the first word of one. */
  readonly listen: () => Promise<{ readonly heard: Promise<void> }>
}

const CAPABILITIES = { elicitation: {}, sampling: {}, roots: {} }

export async function callAs(kind: CallerKind, url: string): Promise<Caller> {
  const mode = kind === 'modern' ? { pin: '2026-07-28' } : 'legacy'
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: CAPABILITIES, versionNegotiation: { mode } },
  )
  client.setRequestHandler('elicitation/create', () => ({
    action: 'accept',
    content: { name: 'Ada' },
  }))
  client.setRequestHandler('sampling/createMessage', () => ({
    role: 'assistant',
    content: { type: 'text', text: 'Paris' },
    model: 'none',
  }))
  const stream = Promise.withResolvers<number>()
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), {
      fetch: async (input, init) => {
        const answer = await fetch(input, init)
        if (init?.method === 'GET') stream.resolve(answer.status)
        return kind === 'legacy stateless' ? withoutSession(answer) : answer
      },
    }),
  )
  return {
    client,
    listen: async () => {
      const heard = Promise.withResolvers<void>()
      client.setNotificationHandler('notifications/tools/list_changed', () => heard.resolve())
      if (kind === 'modern') {
        const { honoredFilter } = await client.listen({ toolsListChanged: true })
        if (honoredFilter.toolsListChanged !== true) throw new Error('changes are not told of')
      } else {
        const status = await stream.promise
        if (status !== 200) throw new Error(`a stream is refused with ${status}`)
      }
      return { heard: heard.promise }
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

/** The answer to a client that keeps no session: it never sees the id of one. */
function withoutSession(answer: Response): Response {
  const headers = new Headers(answer.headers)
  headers.delete('mcp-session-id')
  return new Response(answer.body, { status: answer.status, headers })
}
