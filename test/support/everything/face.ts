// One way in which a server is reached over HTTP, and how those who listen there are told of changes.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Host } from './tool.ts'

export type Handle = (
  request: IncomingMessage,
  response: ServerResponse,
  body: unknown,
) => Promise<void>

export interface Face {
  readonly handle: Handle
  /** Tells those who listen here of a change. */
  readonly tell: Host['changed']
  readonly close: () => Promise<void>
}

export function refuse(
  response: ServerResponse,
  status: number,
  code: number,
  message: string,
): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code, message }, id: null }))
}
