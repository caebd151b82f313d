// The floor: the least that a proxy on node:http and undici can do. It reads the body, sends it on, and copies the answer.
// No parse, no choice, no limits, no log: what the router costs beyond this is the router's own.
import { createServer, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'

const [, , upstream = '', port = '0'] = process.argv
const pool = new Pool(upstream, { pipelining: 1, allowH2: false })

class CopyAnswer implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  onRequestStart(): void {
    // Nothing to keep: this proxy never cancels.
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#response.writeHead(status, {
      'content-type': String(headers['content-type']),
      'content-length': String(headers['content-length']),
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return
    controller.pause()
    this.#response.once('drain', () => controller.resume())
  }

  onResponseEnd(): void {
    this.#response.end()
  }

  onResponseError(): void {
    this.#response.destroy()
  }
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    pool.dispatch(
      {
        path: '/mcp',
        method: 'POST',
        headers: [
          'content-type',
          'application/json',
          'accept',
          'application/json, text/event-stream',
        ],
        body: Buffer.concat(chunks),
      },
      new CopyAnswer(response),
    )
  })
})
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined })
})
process.on('disconnect', () => process.exit(0))
