// A process that holds connections as slowly as it may: headers and bodies a byte at a time, and answers that it never reads.
// Started with `fork`, with a tool server of its own that has the long answers; it tells how many are open, and of each kind how long the longest-lived was.
import { connect, type Socket } from 'node:net'
import { callParams, modernHeaders, modernRequest } from './raw-http.ts'
import { startScripted } from './scripted-server.ts'

export type SlowKind = 'headers' | 'body' | 'reader'

export interface SlowOrder {
  readonly port: number
  readonly counts: Readonly<Record<SlowKind, number>>
}

export interface SlowReport {
  readonly opened: number
  readonly open: number
  /** Milliseconds that the longest-lived connection of each kind was open, of those that have ended. */
  readonly longestMs: Readonly<Record<SlowKind, number>>
}

/** Each kind comes from an address of its own, as different callers would. */
const ADDRESS: Readonly<Record<SlowKind, string>> = {
  headers: '127.0.0.2',
  body: '127.0.0.3',
  reader: '127.0.0.4',
}
const DRIP_MS = 2_000
const REPORT_MS = 250
/** Between ten and the next ten: what is tried here is holding, not a storm of handshakes. */
const PAUSE_MS = 20
/** Between two requests an empty line is allowed, and means nothing. */
const DRIPS: Readonly<Record<SlowKind, string>> = { headers: 'x: y\r\n', body: ' ', reader: '\r\n' }
/** More than every buffer between them holds. */
const UNREAD_BYTES = 32_000_000

const headLines = (headers: Readonly<Record<string, string>>): string =>
  Object.entries({ host: 'localhost', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')

const callOf = (bytes: number) =>
  modernRequest('tools/call', callParams('bulk__bytes', { n: bytes }))

function opening(kind: SlowKind): string {
  const head = `POST /mcp HTTP/1.1\r\n${headLines(modernHeaders('tools/call', 'bulk__bytes'))}`
  if (kind === 'headers') return head
  const body = String(callOf(UNREAD_BYTES).body)
  if (kind === 'reader') return `${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  return `${head}content-length: 100000\r\n\r\n${body.slice(0, 20)}`
}

async function run({ port, counts }: SlowOrder): Promise<void> {
  const longestMs: Record<SlowKind, number> = { headers: 0, body: 0, reader: 0 }
  const open = new Map<Socket, SlowKind>()
  let opened = 0
  const start = (kind: SlowKind): void => {
    let beganMs = performance.now()
    const socket = connect({ port, host: '127.0.0.1', localAddress: ADDRESS[kind] })
    open.set(socket, kind)
    socket.on('connect', () => {
      opened += 1
      beganMs = performance.now() // its place in the backlog is not the router's doing
      socket.write(opening(kind))
      if (kind === 'reader') socket.pause()
      else socket.resume()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      longestMs[kind] = Math.max(longestMs[kind], performance.now() - beganMs)
      open.delete(socket)
    })
    // One that does not read does not see the end either, unless it writes.
    const drip = setInterval(() => {
      if (socket.writable) socket.write(DRIPS[kind])
    }, DRIP_MS)
    socket.on('close', () => clearInterval(drip))
  }
  setInterval(() => {
    const report: SlowReport = { opened, open: open.size, longestMs }
    process.send?.(report)
  }, REPORT_MS)
  // Those that last longest first, so that there is a time when all are open.
  for (const kind of ['reader', 'body', 'headers'] as const)
    for (let count = 0; count < counts[kind]; count += 1) {
      start(kind)
      if (count % 10 === 9) await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
    }
}

const bulk = await startScripted({ name: 'bulk' })
process.send?.({ url: bulk.url })
process.on('message', order => void run(order as SlowOrder))
process.on('disconnect', () => process.exit(0))
