// Legacy sessions of one replica, bounded in number and in idle time. They live in this process only:
// a session id is worth nothing at another replica, which is what a router in front must cope with.
import { randomUUID } from 'node:crypto'
import {
  type McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'

const MAX_SESSIONS = 1_000
const MAX_IDLE_MS = 10 * 60_000
const SWEEP_MS = 30_000

interface Session {
  readonly transport: WebStandardStreamableHTTPServerTransport
  readonly server: McpServer
  usedAtMs: number
}

export interface LegacySessions {
  readonly fetch: (request: Request) => Promise<Response>
  readonly count: () => number
  readonly close: () => Promise<void>
}

export function createLegacySessions(makeServer: () => McpServer): LegacySessions {
  // Kept in the order of last use, so that the first key is the one to give up when the map is full.
  const sessions = new Map<string, Session>()

  const end = async (id: string): Promise<void> => {
    const session = sessions.get(id)
    sessions.delete(id)
    await session?.server.close()
  }
  const sweep = setInterval(() => {
    const oldest = performance.now() - MAX_IDLE_MS
    for (const [id, session] of sessions) if (session.usedAtMs < oldest) void end(id)
  }, SWEEP_MS)
  sweep.unref()

  const open = async (request: Request): Promise<Response> => {
    const server = makeServer()
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: async id => {
        const [leastUsed] = sessions.keys()
        if (sessions.size >= MAX_SESSIONS && leastUsed !== undefined) await end(leastUsed)
        sessions.set(id, { transport, server, usedAtMs: performance.now() })
      },
      onsessionclosed: id => end(id),
    })
    await server.connect(transport)
    const response = await transport.handleRequest(request)
    // Anything but `initialize` was refused: nothing may stay behind for it.
    if (transport.sessionId === undefined) await server.close()
    return response
  }

  return {
    fetch: async request => {
      const id = request.headers.get('mcp-session-id')
      if (id === null) return open(request)
      const session = sessions.get(id)
      if (session === undefined) return unknownSession()
      session.usedAtMs = performance.now()
      sessions.delete(id)
      sessions.set(id, session)
      return session.transport.handleRequest(request)
    },
    count: () => sessions.size,
    close: async () => {
      clearInterval(sweep)
      await Promise.all([...sessions.keys()].map(id => end(id)))
    },
  }
}

function unknownSession(): Response {
  const error = { code: -32_001, message: 'Session not found' }
  return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 404 })
}
