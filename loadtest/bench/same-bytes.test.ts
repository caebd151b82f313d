// What wrk really sends: every process of it the same bytes, which a table of headers would put in an order of its own each time.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { installedPart } from '#test/support/real-parts.ts'
import { CALL } from './request.ts'
import { wrkScript } from './wrk.ts'

const wrk = installedPart('wrk', 'wrk')
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'

test('each process of wrk sends the same bytes', { skip: 'skip' in wrk && wrk.skip }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-wrk-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const script = join(folder, 'call.lua')
  writeFileSync(script, wrkScript('a.b.c'))
  const heads = new Set<string>()
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.once('data', bytes => {
      heads.add(bytes.toString())
      socket.on('data', () => socket.write(ANSWER))
      socket.write(ANSWER)
    })
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/mcp`
  const bin = 'bin' in wrk ? wrk.bin : ''
  const call = (): Promise<{ readonly stdout: string }> =>
    promisify(execFile)(bin, ['-t1', '-c1', '-d1s', '-s', script, url])
  for (const { stdout } of await Promise.all([call(), call(), call(), call()]))
    assert.match(stdout, /errors=0 /)
  assert.equal(heads.size, 1)
  const [sent = ''] = heads
  assert.ok(sent.startsWith('POST /mcp HTTP/1.1\r\n'), sent)
  assert.match(sent, new RegExp(`^host: 127\\.0\\.0\\.1:${port}\\r$`, 'im'))
  assert.ok(sent.endsWith(`\r\n\r\n${CALL}`), sent)
})
