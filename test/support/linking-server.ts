// A legacy tool server on the official SDK whose one tool wants a page to be opened before it runs, and says so by an error (-32042).
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { UrlElicitationRequiredError } from '@modelcontextprotocol/sdk/types.js'

export const PAGE = 'https://example.org/sign-in?next=%2Fa&n=12345678901234567890'
export const ELICITATION = {
  mode: 'url' as const,
  elicitationId: 'sign-in-1',
  url: PAGE,
  message: 'Sign in first',
}

export interface LinkingServer {
  readonly url: string
  /** How often it was asked, and how often it ran. */
  readonly asked: () => number
  readonly runs: () => number
  /** The page is opened: the tool runs from now on, and every session is told. */
  readonly open: () => Promise<void>
  /** The page has not been opened. */
  readonly reset: () => void
  readonly close: () => Promise<void>
}

export async function startLinking(): Promise<LinkingServer> {
  const sessions = new Map<string, { transport: StreamableHTTPServerTransport; mcp: McpServer }>() // as many as one test opens
  const counts = { asked: 0, runs: 0 }
  let isOpened = false
  const begin = async (): Promise<StreamableHTTPServerTransport> => {
    const mcp = new McpServer({ name: 'linking', version: '1' })
    mcp.registerTool('linked', { description: 'Needs a page to be opened' }, () => {
      counts.asked += 1
      if (!isOpened) throw new UrlElicitationRequiredError([ELICITATION], 'Sign in at the page')
      counts.runs += 1
      return { content: [{ type: 'text', text: 'linked' }] }
    })
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: id => void sessions.set(id, { transport, mcp }),
      onsessionclosed: id => void sessions.delete(id),
    })
    await mcp.connect(transport)
    return transport
  }
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const id = request.headers['mcp-session-id']
    const known = typeof id === 'string' ? sessions.get(id) : undefined
    if (id !== undefined && known === undefined) response.writeHead(404).end()
    else await (known?.transport ?? (await begin())).handleRequest(request, response)
  }
  const server = createServer((request, response) => void serve(request, response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    asked: () => counts.asked,
    runs: () => counts.runs,
    open: async () => {
      isOpened = true
      const told = [...sessions.values()].filter(
        ({ mcp }) => mcp.server.getClientCapabilities()?.elicitation?.url !== undefined,
      )
      const id = ELICITATION.elicitationId
      await Promise.all(told.map(({ mcp }) => mcp.server.createElicitationCompletionNotifier(id)()))
    },
    reset: () => {
      isOpened = false
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
