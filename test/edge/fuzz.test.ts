// Half a minute of bytes that nobody should send, and first the proof that what watches over them can see. Longer with
// RINGMAIN_FUZZ_FOR=10m, again with RINGMAIN_SEED.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { mustParseDuration } from '#foundation/duration.ts'
import { type FuzzCase, makeCase } from '#test/support/fuzz/fuzz-case.ts'
import { callRightly, isComplaint, openFuzzRig } from '#test/support/fuzz/fuzz-rig.ts'
import { type FuzzResult, fuzz } from '#test/support/fuzz/fuzz-run.ts'
import { judge } from '#test/support/fuzz/oracle.ts'
import { requestSeeds } from '#test/support/fuzz/seeds.ts'
import { sendCase } from '#test/support/fuzz/send-case.ts'
import { tellFuzz } from '#test/support/fuzz/tell-fuzz.ts'
import { runOf } from '#test/support/properties.ts'

const OK = '{"jsonrpc":"2.0","id":1,"result":{}}'
const json = (body: string, status = '200 OK', length = body.length): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`
const stream = (events: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n${events}`

/** What a broken server says, and what must be said of it. Undefined: it says nothing. */
const PLANTED: readonly (readonly [string, string | undefined, RegExp])[] = [
  ['line feeds alone', json(OK).replaceAll('\r\n', '\n'), /no HTTP|cut/],
  ['bytes behind an answer', `${json(OK)}x`, /no HTTP/],
  ['an answer into the last', json(OK, '200 OK', OK.length - 4), /no HTTP/],
  ['less than it said', json(OK, '200 OK', OK.length + 1), /cut/],
  [
    'a length and a coding',
    json(OK).replace('\r\n', '\r\ntransfer-encoding: chunked\r\n'),
    /no HTTP/,
  ],
  ['a header that is none', json(OK).replace('\r\n', '\r\nno header\r\n'), /no HTTP/],
  ['a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', /no HTTP/],
  [
    'a page',
    'HTTP/1.1 500 No\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\nno',
    /text.html/,
  ],
  ['an error without a word', 'HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n', /500|right call/],
  ['half a message', json(OK.slice(1)), /no JSON/],
  ['another protocol', json('{"jsonrpc":"1.0","id":1,"result":{}}'), /no JSON-RPC/],
  ['neither result nor error', json('{"jsonrpc":"2.0","id":1}'), /no JSON-RPC answer/],
  ['a stream without an answer', stream(': hello\n\n'), /without an answer/],
  ['a broken event', stream(`data: ${OK.slice(2)}\n\n`), /no JSON/],
  ["somebody else's answer", json(OK.replace('{}', '{"for":"tk00000099"}')), /tk00000099/],
  ['an end without a word', '', /without a word/],
  ['nothing at all', undefined, /no end/],
]

async function judgeServer(
  says: string | undefined,
  writes = [(requestSeeds[0] as Buffer).toString('latin1')],
): Promise<string | undefined> {
  const sockets: Socket[] = []
  const server = createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    socket.once('data', () => says !== undefined && socket.end(says, 'latin1'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const one: FuzzCase = { kind: 'caller', seed: 0, request: { writes, pauseMs: 0, end: 'waits' } }
  const { port } = server.address() as AddressInfo
  try {
    const outcome = await sendCase(one, { port, hangMs: says === undefined ? 100 : 5_000 })
    return judge(one, 'tk00000001', outcome).wrong
  } finally {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}

for (const [what, says, wanted] of PLANTED) {
  test(`a server that answers with ${what} is found`, async () => {
    assert.match((await judgeServer(says)) ?? 'nothing is wrong', wanted)
  })
}

test('a right call that nobody answers is a finding, and is not waited for', async t => {
  const server = createServer(socket => t.after(() => socket.destroy())).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await assert.rejects(callRightly(`http://127.0.0.1:${port}/mcp`, 50), /no answer within 50 ms/)
})

test('an answer as it should be is no finding', async () => {
  assert.equal(await judgeServer(json(OK)), undefined)
  assert.equal(await judgeServer(stream(`event: message\ndata: ${OK}\n\n`)), undefined)
})

test('a heap of empty lines behind a request may be refused, and a few may not', async () => {
  const answers = `${json('')}HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`
  const head = 'DELETE /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'
  assert.equal(await judgeServer(answers, [head + '\r\n'.repeat(5)]), undefined)
  assert.match((await judgeServer(answers, [head + '\r\n'.repeat(4)])) ?? '', /2 answers of 1/)
})

test('a defect in the log is a complaint, and a caller who writes the word is none', () => {
  assert.ok(isComplaint('{"event":"defect","at":"respond"}'))
  assert.ok(isComplaint('{"event":"call","result":"defect"}'))
  assert.ok(isComplaint('node:internal/process/promises:394 UnhandledPromiseRejection'))
  assert.ok(!isComplaint('{"event":"call","result":"refused","tool":"defect unhandled"}'))
})

const quiet = { complaint: () => undefined, leftovers: async () => [], descriptors: async () => 1 }
const clean: FuzzResult = {
  cases: 1,
  answers: new Map(),
  refused: 0,
  cut: 0,
  silent: 0,
  shed: 0,
  findings: [],
  memory: Array.from({ length: 16 }, () => 1),
}

async function missedOf(
  rig: Partial<typeof quiet>,
  result: Partial<FuzzResult>,
): Promise<string[]> {
  const missed: string[] = []
  const hold = (what: string, _figure: string, isMet: boolean): void => {
    if (!isMet) missed.push(what)
  }
  await tellFuzz({ tell: () => undefined, hold }, { ...quiet, ...rig }, { ...clean, ...result })
  return missed
}

test('memory that grows, slots that stay taken and descriptors that stay open are missed bars', async () => {
  assert.deepEqual(await missedOf({}, {}), [])
  const memory = Array.from({ length: 40 }, (_, second) => second * 10_000_000)
  assert.deepEqual(await missedOf({}, { memory }), ['memory, second quarter and last'])
  const leftovers = async (): Promise<never[]> => ['a slot'] as never[]
  assert.deepEqual(await missedOf({ leftovers }, {}), ['still held by nobody'])
  assert.deepEqual(await missedOf({ descriptors: async () => 500 }, {}), [
    'open descriptors at the end',
  ])
  assert.deepEqual(await missedOf({}, { cases: 0 }), ['cases'])
  assert.deepEqual(await missedOf({}, { cases: 100, shed: 25 }), [])
  assert.deepEqual((await missedOf({}, { cases: 100, shed: 26 })).length, 1)
  assert.deepEqual(await missedOf({}, { memory: memory.slice(0, 15) }), [])
  assert.notDeepEqual(await missedOf({}, { memory: memory.slice(0, 16) }), [])
})

test('the same seed makes the same cases', () => {
  for (let index = 0; index < 200; index += 1)
    assert.deepEqual(makeCase(7, index), makeCase(7, index))
  assert.notDeepEqual(makeCase(7, 1), makeCase(8, 1))
})

test('no bytes of a caller or of a tool server bring a router out of its mind', async t => {
  const { seed } = runOf(t)
  const forMs = mustParseDuration(process.env['RINGMAIN_FUZZ_FOR'] ?? '30s')
  const rig = await openFuzzRig(seed)
  t.after(rig.close)
  const missed: string[] = []
  const tell = (what: string, figure: string): void => t.diagnostic(`${what}: ${figure}`)
  const hold = (what: string, figure: string, isMet: boolean): void => {
    tell(what, figure)
    if (!isMet) missed.push(`${what}: ${figure}`)
  }
  const result = await fuzz(rig, { seed, forMs, folder: join(tmpdir(), 'ringmain-fuzz') })
  await tellFuzz({ tell, hold }, rig, result)
  assert.deepEqual(missed, [])
})
