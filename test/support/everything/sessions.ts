// Legacy sessions of the everything server, on either SDK: one server for each client, until the client ends it.
import { randomUUID } from 'node:crypto'
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { sessionEvents } from './event-store.ts'
import { type Face, type Handle, refuse } from './face.ts'
import { everythingV1 } from './server-v1.ts'
import { everythingV2, newStates } from './server-v2.ts'
import type { Host } from './tool.ts'

type Change = Parameters<Host['changed']>[0]

/** What a session needs, of either SDK. */
interface Session {
  readonly handle: Handle
  readonly tell: Host['changed']
  readonly close: () => Promise<void>
}

interface Opening {
  readonly onopen: (id: string, session: Session) => void
  readonly onend: (id: string) => void
}

export const sessionsV2 = (host: Host): Face =>
  sessionsOf(async ({ onopen, onend }) => {
    const { server, watched } = everythingV2({ states: newStates(), ...host })
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: sessionEvents(),
      retryInterval: RETRY_MS,
      onsessioninitialized: id => onopen(id, session),
      onsessionclosed: onend,
    })
    const session: Session = {
      handle: (request, response, body) => transport.handleRequest(request, response, body),
      tell: what => tellSession(server.server, watched, what),
      close: () => server.close(),
    }
    await server.connect(transport)
    return session
  })

export const sessionsV1 = (host: Host): Face =>
  sessionsOf(async ({ onopen, onend }) => {
    const { server, watched } = everythingV1(host)
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: sessionEvents(),
      retryInterval: RETRY_MS,
      onsessioninitialized: id => onopen(id, session),
      onsessionclosed: onend,
    })
    const session: Session = {
      handle: (request, response, body) => transport.handleRequest(request, response, body),
      tell: what => tellSession(server, watched, what),
      close: () => server.close(),
    }
    await server.connect(transport)
    return session
  })

/** After which a caller may come back for a stream that was ended before its answer. */
const RETRY_MS = 500

interface ChangeSender {
  readonly sendToolListChanged: () => Promise<void>
  readonly sendPromptListChanged: () => Promise<void>
  readonly sendResourceUpdated: (params: { uri: string }) => Promise<void>
}

async function tellSession(
  server: ChangeSender,
  watched: ReadonlySet<string>,
  what: Change,
): Promise<void> {
  if (what === 'tools') await server.sendToolListChanged()
  else if (what === 'prompts') await server.sendPromptListChanged()
  else if (watched.has(what.uri)) await server.sendResourceUpdated(what)
}

function sessionsOf(open: (opening: Opening) => Promise<Session>): Face {
  const sessions = new Map<string, Session>() // as many as the clients of one test open
  const opening: Opening = {
    onopen: (id, session) => void sessions.set(id, session),
    onend: id => void sessions.delete(id),
  }
  return {
    handle: async (request, response, body) => {
      const id = request.headers['mcp-session-id']
      if (id === undefined) {
        const isInitialize =
          (body as { readonly method?: unknown } | undefined)?.method === 'initialize'
        if (!isInitialize) return refuse(response, 400, -32000, 'Bad Request: session id required')
        return (await open(opening)).handle(request, response, body)
      }
      const session = typeof id === 'string' ? sessions.get(id) : undefined
      if (session === undefined) return refuse(response, 404, -32001, 'Session not found')
      return session.handle(request, response, body)
    },
    tell: async what => {
      await Promise.all([...sessions.values()].map(session => session.tell(what)))
    },
    close: async () => {
      await Promise.all([...sessions.values()].map(session => session.close()))
      sessions.clear()
    },
  }
}
