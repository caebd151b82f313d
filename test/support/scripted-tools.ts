// Tools that misbehave by name, on raw HTTP: what a tool server may do to a router, and an SDK would not let a test do.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'

export interface ScriptedCall {
  readonly server: string
  readonly args: Readonly<Record<string, unknown>>
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The request's bytes as they came in. */
  readonly body: Buffer
  readonly idJson: string
  readonly isModern: boolean
  readonly progressToken: string | number | undefined
  /** Told of bytes that the `bytes` tool has handed to its connection. */
  readonly poured: (bytes: number) => void
}

type Tool = (call: ScriptedCall) => void

const JSON_TYPE = { 'content-type': 'application/json' }
const SSE_TYPE = { 'content-type': 'text/event-stream' }
/** Odd on purpose: numbers that JavaScript cannot hold, spellings, white space, escapes, an unknown member. */
export const RAW_RESULT =
  '{"content":[ {"type":"text","text":"\\u0041\\/"} ],  "big":12345678901234567890,"spelled":1e2,"tiny":1.10, "x-unknown":{"b":1,"a":2}}'

/** A result that names the server that made it. */
function resultOf(call: ScriptedCall, structured: object = {}): string {
  const content = { server: call.server, ...structured }
  return JSON.stringify({
    content: [{ type: 'text', text: JSON.stringify(content) }],
    structuredContent: content,
    ...(call.isModern ? { resultType: 'complete' } : {}),
  })
}

const rpc = (call: ScriptedCall, resultJson: string): string =>
  `{"jsonrpc":"2.0","id":${call.idJson},"result":${resultJson}}`

function sendJson(call: ScriptedCall, text: string, status = 200): void {
  call.response.writeHead(status, JSON_TYPE).end(text)
}

const event = (text: string): string => `event: message\ndata: ${text}\n\n`

const numberArg = (call: ScriptedCall, name: string, fallback: number): number =>
  typeof call.args[name] === 'number' ? call.args[name] : fallback

/** Runs later unless the exchange has ended by then. */
function later(call: ScriptedCall, ms: number, work: () => void): void {
  const timer = setTimeout(work, ms)
  call.response.once('close', () => clearTimeout(timer))
}

function progress(call: ScriptedCall, done: number, total: number): string {
  const params = { progressToken: call.progressToken, progress: done, total }
  return event(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params }))
}

/** Writes `bytes` letters at the reader's pace, and then `tail`. */
function pour({ response, poured }: ScriptedCall, bytes: number, tail: string): void {
  const chunk = Buffer.alloc(65_536, 'x')
  let left = bytes
  const more = (): void => {
    while (left > 0) {
      const size = Math.min(left, chunk.length)
      left -= size
      poured(size)
      if (!response.write(size === chunk.length ? chunk : chunk.subarray(0, size))) {
        response.once('drain', more)
        return
      }
    }
    response.end(tail)
  }
  more()
}

function bytes(call: ScriptedCall): void {
  const n = numberArg(call, 'n', 1_024)
  const kind = call.isModern ? ',"resultType":"complete"' : ''
  const head = `{"jsonrpc":"2.0","id":${call.idJson},"result":{"content":[{"type":"text","text":"`
  const tail = `"}]${kind}}}`
  if (call.args['stream'] === true) {
    call.response.writeHead(200, SSE_TYPE)
    call.response.write(`data: ${head}`)
    pour(call, n, `${tail}\n\n`)
    return
  }
  const length = head.length + n + tail.length
  call.response.writeHead(200, { ...JSON_TYPE, 'content-length': String(length) })
  call.response.write(head)
  pour(call, n, tail)
}

function oneByteAtATime(call: ScriptedCall): void {
  const text = Buffer.from(progress(call, 1, 2) + event(rpc(call, resultOf(call))))
  call.response.writeHead(200, SSE_TYPE)
  let at = 0
  const next = (): void => {
    if (at === text.length) {
      call.response.end()
      return
    }
    call.response.write(text.subarray(at, at + 1), () => setImmediate(next))
    at += 1
  }
  next()
}

export const scriptedTools: Readonly<Record<string, Tool>> = {
  echo: call =>
    sendJson(
      call,
      rpc(call, resultOf(call, { args: call.args, raw: call.body.toString('base64') })),
    ),
  raw: call => sendJson(call, rpc(call, RAW_RESULT)),
  raw_stream: call =>
    call.response
      .writeHead(200, SSE_TYPE)
      .end(`: hello\n\nid: 7\nretry: 10\n${event(rpc(call, RAW_RESULT))}`),
  /** Structured content of `n` letters alone, as an event where `stream` says so. */
  structured: call => {
    const structuredContent = { server: call.server, text: 'x'.repeat(numberArg(call, 'n', 1)) }
    const kind = call.isModern ? { resultType: 'complete' } : {}
    const text = rpc(call, JSON.stringify({ content: [], structuredContent, ...kind }))
    if (call.args['stream'] === true) call.response.writeHead(200, SSE_TYPE).end(event(text))
    else sendJson(call, text)
  },
  slow: call =>
    later(call, numberArg(call, 'ms', 100), () => sendJson(call, rpc(call, resultOf(call)))),
  progress: call => {
    call.response.writeHead(200, SSE_TYPE)
    for (const step of [1, 2, 3]) call.response.write(progress(call, step, 3))
    call.response.end(event(rpc(call, resultOf(call))))
  },
  /** A stream that begins at once and is answered later. */
  one_by_one: call => {
    call.response.writeHead(200, SSE_TYPE)
    call.response.write(progress(call, 1, 2))
    later(call, numberArg(call, 'ms', 100), () =>
      call.response.end(event(rpc(call, resultOf(call)))),
    )
  },
  /** A stream that says it is there, and then says nothing until it is left. */
  idle_stream: call => {
    call.response.writeHead(200, SSE_TYPE)
    call.response.write(progress(call, 1, 2))
  },
  /** Tells of progress every `ms`, and is answered after `steps` of them. */
  working: call => {
    call.response.writeHead(200, SSE_TYPE)
    const steps = numberArg(call, 'steps', 5)
    const step = (done: number): void => {
      if (done > steps) call.response.end(event(rpc(call, resultOf(call))))
      else {
        call.response.write(progress(call, done, steps))
        later(call, numberArg(call, 'ms', 100), () => step(done + 1))
      }
    }
    step(1)
  },
  /** Says every `ms` by a comment that it is there, and is answered after `steps` of them. */
  commenting: call => {
    call.response.writeHead(200, SSE_TYPE)
    const step = (left: number): void => {
      if (left === 0) call.response.end(event(rpc(call, resultOf(call))))
      else {
        call.response.write(': still there\n\n')
        later(call, numberArg(call, 'ms', 100), () => step(left - 1))
      }
    }
    step(numberArg(call, 'steps', 5))
  },
  /** Comments without end, as fast as they are taken. */
  comments: call => {
    call.response.writeHead(200, SSE_TYPE)
    const many = ':\n'.repeat(8_192)
    const more = (): void => {
      while (!call.response.destroyed) {
        call.poured(many.length)
        if (!call.response.write(many)) {
          call.response.once('drain', more)
          return
        }
      }
    }
    more()
  },
  fail: call => {
    const result = {
      content: [{ type: 'text', text: 'the ledger is closed' }],
      isError: true,
      ...(call.isModern ? { resultType: 'complete' } : {}),
    }
    sendJson(call, rpc(call, JSON.stringify(result)))
  },
  error: call => {
    const error = { code: -32_602, message: 'no such account', data: { account: 7 } }
    sendJson(call, `{"jsonrpc":"2.0","id":${call.idJson},"error":${JSON.stringify(error)}}`)
  },
  bytes,
  one_byte: oneByteAtATime,
  hang_before_headers: () => undefined,
  hang_after_headers: call => call.response.writeHead(200, JSON_TYPE).flushHeaders(),
  die_before_headers: call => void call.request.socket.destroy(),
  die_mid_body: call => {
    call.response.writeHead(200, { ...JSON_TYPE, 'content-length': '10000' })
    call.response.write(rpc(call, '{"content":[').slice(0, -1), () => call.request.socket.destroy())
  },
  die_after_headers: call => {
    call.response.writeHead(200, { ...JSON_TYPE, 'content-length': '10000' })
    call.response.flushHeaders()
    later(call, 20, () => call.request.socket.destroy())
  },
  die_mid_stream: call => {
    call.response.writeHead(200, SSE_TYPE)
    call.response.write(progress(call, 1, 2), () => call.request.socket.destroy())
  },
  die_mid_event: call => {
    call.response.writeHead(200, SSE_TYPE)
    call.response.write(`${progress(call, 1, 2)}event: message\ndata: {"jsonrpc":`, () =>
      call.request.socket.destroy(),
    )
  },
  stream_without_answer: call => call.response.writeHead(200, SSE_TYPE).end(progress(call, 1, 2)),
  wrong_id: call => sendJson(call, `{"jsonrpc":"2.0","id":"not-yours","result":${resultOf(call)}}`),
  wrong_type: call =>
    call.response.writeHead(200, { 'content-type': 'text/html' }).end('<p>hello</p>'),
  not_json: call => sendJson(call, 'hello'),
  status: call => {
    const headers = {
      ...(call.args['after'] === undefined ? {} : { 'retry-after': '7' }),
      ...(call.args['close'] === undefined ? {} : { connection: 'close' }),
    }
    call.response.writeHead(numberArg(call, 'code', 503), headers).end('no')
  },
  /** A status with a JSON-RPC error in its body. */
  status_error: call => {
    const error = { code: numberArg(call, 'rpc', -32_602), message: 'refused by the server' }
    const text = `{"jsonrpc":"2.0","id":${call.idJson},"error":${JSON.stringify(error)}}`
    sendJson(call, text, numberArg(call, 'code', 400))
  },
  redirect: call =>
    call.response.writeHead(307, { location: call.args['to'] as string }).end('over there'),
  gzip: call =>
    call.response
      .writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' })
      .end(gzipSync(rpc(call, resultOf(call)))),
}
