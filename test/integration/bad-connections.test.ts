// Bytes that are no proper HTTP: answered where they can be, and the connection closed, so that nothing of them
// is read as the next request.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { CALL, CALL_BODY, MAX_BODY } from './bad-input/row.ts'

const tool = await startScripted({ name: 'tool' })
const router = await runRouter(
  documents(
    // No check may be mistaken for something of a caller's.
    clusterOf('tools', [tool.url], { health: { interval: '1h', timeout: '5s' } }),
    serverOf('default', ['tools'], { naming: 'prefix' }),
  ),
  { env: { RINGMAIN_MAX_BODY: String(MAX_BODY) } },
)

after(async () => {
  await router.close()
  await tool.close()
})

/** Bytes on a bare connection, and all that comes back until the router closes it. */
function bare(text: string): Promise<string> {
  const { port } = new URL(router.mcpUrl)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.on('data', chunk => (answer += chunk.toString()))
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

test('what is not HTTP, and headers without end, are answered and the connection closed', async () => {
  assert.match(await bare('HELLO\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(
    await bare(
      'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
    ),
    /^HTTP\/1\.1 400 /,
  )
  assert.match(
    await bare(`POST /mcp HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  )
  assert.match(await bare('POST /mcp HTTP/1.1\r\ncontent-length: 0\r\n\r\n'), /^HTTP\/1\.1 400 /)
})

test('a body over the limit closes the connection, or its rest would be read as a request', async () => {
  const declared = `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${MAX_BODY + 1}\r\n\r\n`
  assert.match(await bare(declared), /^HTTP\/1\.1 413 .*\r\nconnection: close\r\n/is)
})

test('a header that stands twice is refused before the body is looked at', async () => {
  const before = tool.requests.length
  const text = [
    'POST /mcp HTTP/1.1',
    'host: localhost',
    'connection: close',
    ...Object.entries(CALL).map(([name, value]) => `${name}: ${value}`),
    'mcp-name: tools__fail',
    `content-length: ${Buffer.byteLength(CALL_BODY)}`,
  ].join('\r\n')
  assert.match(
    await bare(`${text}\r\n\r\n${CALL_BODY}`),
    /^HTTP\/1\.1 400 [^]*RINGMAIN_AMBIGUOUS_REQUEST/,
  )
  assert.equal(tool.requests.length, before)
})
