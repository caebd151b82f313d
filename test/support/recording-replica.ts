// A tool server of both eras that writes down every HTTP request as it read it. `slow` never answers; any other tool does at once.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReadRequest {
  readonly verb: string
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface RecordingReplica {
  readonly port: number
  readonly requests: readonly ReadRequest[]
  readonly close: () => Promise<void>
}

interface Message {
  readonly id?: unknown
  readonly method?: string
  readonly params?: { readonly name?: string; readonly protocolVersion?: string }
}

export async function startRecording(tools: readonly object[]): Promise<RecordingReplica> {
  const requests: ReadRequest[] = []
  let sessions = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined) // a request that broke off is none
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const { method: verb = '', url: target = '', headers } = request
      requests.push({ verb, target, headers, body })
      if (body.length === 0) response.writeHead(200).end()
      else answer(JSON.parse(body.toString()) as Message, response)
    })
  })
  const answer = ({ id, method, params }: Message, response: ServerResponse): void => {
    const send = (result: object): void =>
      void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, result }))
    const stamp = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' }
    if (id === undefined) response.writeHead(202).end()
    else if (method === 'server/discover')
      send({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ...stamp })
    else if (method === 'tools/list') send({ tools, ...stamp })
    else if (method === 'initialize') {
      sessions += 1
      response.setHeader('mcp-session-id', `session-${sessions}`)
      const { protocolVersion } = params ?? {}
      const serverInfo = { name: 'recording', version: '1' }
      send({ protocolVersion, capabilities: { tools: {} }, serverInfo })
    } else if (method !== 'tools/call') send({})
    else if (params?.name !== 'slow') send({ content: [], ...stamp })
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
