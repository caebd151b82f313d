// A tool server on the official SDK with one of everything that is listed: both eras, at one path.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer, ResourceTemplate } from '@modelcontextprotocol/server'

export interface SdkCatalog {
  readonly url: string
  readonly close: () => Promise<void>
}

export async function startSdkCatalog(name: string): Promise<SdkCatalog> {
  const make = (): McpServer => {
    const server = new McpServer({ name, version: '1' })
    const contents = (uri: string): { contents: { uri: string; text: string }[] } => ({
      contents: [{ uri, text: `${uri} of ${name}` }],
    })
    server.registerPrompt(`sum-${name}`, { description: 'sum' }, () => ({
      messages: [
        {
          role: 'user',
          content: { type: 'resource', resource: { uri: `${name}:/notes`, text: 'n' } },
        },
      ],
    }))
    server.registerResource('notes', `${name}:/notes`, {}, uri => contents(uri.href))
    const byId = new ResourceTemplate(`${name}:/records/{id}`, { list: undefined })
    server.registerResource('record', byId, {}, uri => contents(uri.href))
    server.registerTool(`link-${name}`, { description: 'link' }, () => ({
      content: [{ type: 'resource_link', name: 'notes', uri: `${name}:/notes` }],
    }))
    return server
  }
  const handler = createMcpHandler(make)
  const handle = toNodeHandler(handler)
  const server = createServer((request, response) => {
    void handle(request as NodeIncomingMessageLike, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    close: async () => {
      await handler.close()
      await new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}
