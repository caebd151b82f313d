// The everything server over HTTP on a port of its own, in the four ways in which servers of the field speak their eras.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import {
  localhostHostValidation,
  localhostOriginValidation,
  type NodeIncomingMessageLike,
  toNodeHandler,
} from '@modelcontextprotocol/node'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { classifyInboundRequest, createMcpHandler } from '@modelcontextprotocol/server'
import { type Face, refuse } from './face.ts'
import { everythingV1 } from './server-v1.ts'
import { everythingV2, newStates } from './server-v2.ts'
import { sessionsV1, sessionsV2 } from './sessions.ts'
import type { Host } from './tool.ts'

/**
 * `dual`: SDK v2, modern requests and legacy sessions at one path. `modern`: SDK v2, which refuses legacy callers.
 * `legacy`: SDK v1 with sessions. `stateless`: SDK v1 without, so that it can ask its callers nothing.
 */
export type EverythingKind = 'dual' | 'modern' | 'legacy' | 'stateless'

export interface EverythingServer {
  readonly url: string
  readonly port: number
  /** Resolves when a call of `test_until_cancelled` is cancelled. */
  readonly givenUp: () => Promise<void>
  readonly close: () => Promise<void>
}

export async function startEverything(kind: EverythingKind): Promise<EverythingServer> {
  let waiting: (() => void)[] = []
  const face: Face = FACES[kind]({
    changed: what => face.tell(what),
    gaveUp: () => {
      for (const resolve of waiting) resolve()
      waiting = []
    },
  })
  const isHost = localhostHostValidation()
  const isOrigin = localhostOriginValidation()
  const server = createServer((request, response) => {
    if (!isHost(request, response) || !isOrigin(request, response)) return
    void serve(face, request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    givenUp: () => new Promise(resolve => void waiting.push(resolve)),
    url: `http://127.0.0.1:${port}/mcp`,
    close: async () => {
      await face.close()
      await new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

async function serve(
  face: Face,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let body: unknown
  if (request.method === 'POST')
    try {
      body = await json(request)
    } catch {
      refuse(response, 400, -32700, 'Parse error')
      return
    }
  await face.handle(request, response, body)
}

const FACES: Readonly<Record<EverythingKind, (host: Host) => Face>> = {
  dual: host => {
    const modern = modernFace(host)
    const legacy = sessionsV2(host)
    return {
      handle: (request, response, body) => {
        const version = request.headers['mcp-protocol-version']
        const method = request.headers['mcp-method']
        const { kind } = classifyInboundRequest({
          httpMethod: request.method ?? '',
          body,
          ...(typeof version === 'string' && { protocolVersionHeader: version }),
          ...(typeof method === 'string' && { mcpMethodHeader: method }),
        })
        return (kind === 'legacy' ? legacy : modern).handle(request, response, body)
      },
      tell: async what => void (await Promise.all([modern.tell(what), legacy.tell(what)])),
      close: async () => void (await Promise.all([modern.close(), legacy.close()])),
    }
  },
  modern: modernFace,
  legacy: sessionsV1,
  stateless: host => ({
    handle: async (request, response, body) => {
      const transport = new StreamableHTTPServerTransport({})
      const { server } = everythingV1(host)
      response.on('close', () => void server.close())
      await server.connect(transport)
      await transport.handleRequest(request, response, body)
    },
    tell: async () => {}, // nobody listens where there are no sessions
    close: async () => {},
  }),
}

function modernFace(host: Host): Face {
  const states = newStates()
  const handler = createMcpHandler(() => everythingV2({ states, ...host }).server, {
    legacy: 'reject',
  })
  const handle = toNodeHandler(handler)
  return {
    handle: (request, response, body) => handle(request as NodeIncomingMessageLike, response, body),
    tell: async what => {
      if (what === 'tools') handler.notify.toolsChanged()
      else if (what === 'prompts') handler.notify.promptsChanged()
      else handler.notify.resourceUpdated(what.uri)
    },
    close: () => handler.close(),
  }
}
