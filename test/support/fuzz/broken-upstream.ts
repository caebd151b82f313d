// A tool server on a bare socket: it answers checks, lists and handshakes as it should, and a call that names a plan with the bytes
// of that plan. One that wobbles breaks some of its other answers too.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { ID_PLACE } from './answer-seeds.ts'
import { diceOf } from './dice.ts'
import type { Sent } from './fuzz-case.ts'
import { byteChanges } from './mutate-bytes.ts'
import { bodyChanges, headChanges } from './mutate-http.ts'
import { TOKEN } from './seeds.ts'
import { fill, sendBytes } from './send-bytes.ts'
import type { ToolRuns } from './tool-runs.ts'

export interface BrokenUpstream {
  readonly url: string
  /** By the name that the call carries; whoever adds one takes it away. */
  readonly plans: Map<string, Sent>
  /** What it sent last, newest at the end. */
  readonly sent: readonly string[]
  /** How often it was asked for a method. */
  readonly asked: (method: string) => number
  /** Connections that the router holds to it. */
  readonly connections: () => number
  readonly close: () => Promise<void>
}

export interface BrokenOptions {
  /** Breaks this share of the answers that nobody planned. */
  readonly wobble?: { readonly seed: number; readonly share: number }
  /** A call came; what is returned is told that it is over. */
  readonly onRun?: ToolRuns['began']
}

/** A planned answer whose end is not to come is ended all the same, or a slot would be held for it. */
const PATIENCE_MS = 300
const KEPT = 20
const HEAD_END = '\r\n\r\n'

export async function startBroken({ wobble, onRun }: BrokenOptions = {}): Promise<BrokenUpstream> {
  const plans = new Map<string, Sent>()
  const sent: string[] = []
  const sockets = new Set<Socket>()
  const counts = new Map<string, number>() // bounded by the methods that a router sends
  const dice = diceOf(wobble?.seed ?? 0)
  const changes = [...byteChanges, ...headChanges, ...bodyChanges(byteChanges)]
  const answer = (socket: Socket, request: Asked): void => {
    const plan = request.plan === undefined ? undefined : plans.get(request.plan)
    if (plan !== undefined) {
      const words = { [ID_PLACE]: padded(request.idJson), [TOKEN]: request.tag }
      void sendBytes(socket, fill(plan, words))
      if (plan.end === 'waits') setTimeout(() => socket.destroy(), PATIENCE_MS)
      return
    }
    const good = goodAnswer(request)
    if (wobble === undefined || !dice.isLucky(wobble.share)) {
      socket.write(good, 'latin1')
      return
    }
    const broken = dice.pick(changes)(Buffer.from(good, 'latin1'), dice)
    sent.push(broken.toString('latin1'))
    if (sent.length > KEPT) sent.shift()
    socket.end(broken)
    setTimeout(() => socket.destroy(), PATIENCE_MS)
  }
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      for (let found = firstRequest(text); found !== undefined; found = firstRequest(text)) {
        text = found.rest
        const { method, body } = found.asked
        if (method === 'tools/call') onRun?.('planned', body)(false)
        counts.set(method, (counts.get(method) ?? 0) + 1)
        answer(socket, found.asked)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    plans,
    sent,
    asked: method => counts.get(method) ?? 0,
    connections: () => sockets.size,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

interface Asked {
  readonly verb: string
  readonly method: string
  readonly body: string
  readonly idJson: string | undefined
  readonly plan: string | undefined
  readonly tag: string
  readonly isModern: boolean
}

/** The router frames what it sends by a length and nothing else; anything else would be its defect, and ends here. */
function firstRequest(text: string): { readonly asked: Asked; readonly rest: string } | undefined {
  const headEnd = text.indexOf(HEAD_END)
  if (headEnd === -1) return undefined
  const head = text.slice(0, headEnd)
  if (/\r\ntransfer-encoding:/i.test(head)) throw new Error(`a coding from the router: ${head}`)
  const length = Number(/\r\ncontent-length: ?([0-9]+)/i.exec(head)?.[1] ?? 0)
  const from = headEnd + HEAD_END.length
  if (text.length < from + length) return undefined
  const body = text.slice(from, from + length)
  return { asked: readAsked(head, body), rest: text.slice(from + length) }
}

function readAsked(head: string, body: string): Asked {
  const message = (body === '' ? {} : JSON.parse(body)) as {
    readonly id?: unknown
    readonly method?: string
    readonly params?: { readonly arguments?: { readonly plan?: unknown; readonly tag?: unknown } }
  }
  const { plan, tag } = message.params?.arguments ?? {}
  return {
    verb: head.slice(0, head.indexOf(' ')),
    method: message.method ?? '',
    body,
    idJson: message.id === undefined ? undefined : JSON.stringify(message.id),
    plan: typeof plan === 'string' ? plan : undefined,
    tag: typeof tag === 'string' ? tag : TOKEN,
    isModern: /\r\nmcp-protocol-version: 2026/i.test(head),
  }
}

const padded = (idJson: string | undefined): string => (idJson ?? 'null').padStart(ID_PLACE.length)

function goodAnswer({ verb, method, idJson, isModern, tag }: Asked): string {
  if (verb === 'DELETE') return 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
  if (idJson === undefined) return 'HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n'
  const stamp = isModern ? { resultType: 'complete', ttlMs: 0, cacheScope: 'private' } : {}
  const capabilities = { tools: {} }
  const results: Readonly<Record<string, object>> = {
    initialize: {
      protocolVersion: '2025-11-25',
      capabilities,
      serverInfo: { name: 'broken', version: '1' },
    },
    'server/discover': { supportedVersions: ['2026-07-28'], capabilities, ...stamp },
    'tools/list': { tools: [{ name: 'echo', inputSchema: { type: 'object' } }], ...stamp },
    'tools/call': { content: [{ type: 'text', text: tag }], ...stamp },
  }
  const result = JSON.stringify(results[method] ?? {})
  const body = `{"jsonrpc":"2.0","id":${idJson},"result":${result}}`
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}
