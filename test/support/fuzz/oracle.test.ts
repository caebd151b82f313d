// The oracle sees each thing that must not be, and takes what may be.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { End, FuzzCase } from './fuzz-case.ts'
import { readAnswers } from './http-answers.ts'
import { judge } from './oracle.ts'
import { SLOW_MS, SLOW_TOOL } from './seeds.ts'
import type { ToolRun } from './tool-runs.ts'

const TOKEN = 'tk00000001'
const POST = 'POST /mcp HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}'
const OK = '{"jsonrpc":"2.0","id":7,"result":{}}'
const http = (body: string, more = ''): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${more}content-length: ${body.length}\r\n\r\n${body}`
const GOOD = http(OK)
const CLOSING = http(OK, 'connection: close\r\n')
const REFUSED = 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'
const BUSY =
  '{"jsonrpc":"2.0","id":null,"error":{"code":-31966,"message":"x","data":{"code":"RINGMAIN_OVERLOADED"}}}'
const SHED = `HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: ${BUSY.length}\r\n\r\n${BUSY}`
const LEFT: ToolRun = { tool: SLOW_TOOL, forMs: 20, isLeft: true }
const RUN_ON: ToolRun = { tool: SLOW_TOOL, forMs: SLOW_MS, isLeft: false }

interface Scene {
  readonly sent?: string
  readonly end?: End
  readonly kind?: FuzzCase['kind']
  readonly answer?: string
  readonly got?: string
  readonly isClosed?: boolean
  readonly isHung?: boolean
  readonly runs?: readonly ToolRun[]
}

function wrong(scene: Scene): string {
  const { sent = POST, end = 'waits', kind = 'caller', got = '', isClosed = true } = scene
  const answer = scene.answer
  const one: FuzzCase = {
    kind,
    seed: 0,
    request: { writes: [sent], pauseMs: 0, end },
    ...(answer === undefined ? {} : { answer: { writes: [answer], pauseMs: 0, end: 'finishes' } }),
  }
  const bytes = Buffer.from(got, 'latin1')
  const read = readAnswers(bytes, { mayLackBodies: false, isClosed })
  const outcome = { bytes, read, isClosed, isHung: scene.isHung ?? false }
  return judge(one, TOKEN, outcome, scene.runs).wrong ?? ''
}

const MAY_BE: Readonly<Record<string, Scene>> = {
  'an answer': { got: GOOD },
  'its own token with a digit changed, which no case can have yet': {
    got: http(OK.replace('{}', '"tk20000001"')),
  },
  'a right call that is refused for overload': { kind: 'control', got: SHED, isClosed: false },
  'an answer to each of two': { sent: POST + POST, got: GOOD + GOOD, isClosed: false },
  'a refusal that ends it': { sent: POST + POST, got: CLOSING },
  'a refusal of what is behind': { sent: `${POST}no HTTP\r\n\r\n`, got: GOOD + REFUSED },
  'silence to who has left at once': { end: 'finishes', runs: [LEFT] },
  'silence to who reset it': { end: 'resets', runs: [LEFT] },
  'silence to half a request that was left': { sent: POST.slice(0, -1), end: 'finishes later' },
  'a refusal of a line feed': { sent: `${POST}\n`, got: GOOD + REFUSED },
  'a word to nothing': { sent: '\r\n\r\n', got: REFUSED.replace('400', '408') },
  'silence to nothing': { sent: '\r\n' },
  'a part of a large answer': {
    kind: 'upstream',
    answer: 'x'.repeat(70_000),
    got: GOOD.slice(0, -1),
  },
  'a tool that was done before its caller left': {
    end: 'finishes',
    runs: [{ ...RUN_ON, tool: 'echo' }],
  },
}

const MUST_NOT_BE: Readonly<Record<string, readonly [RegExp, Scene]>> = {
  silence: [/without a word/, {}],
  'an end over what is no HTTP behind a call that runs': [
    /without a word/,
    { sent: `${POST}no HTTP\r\n\r\n`, runs: [LEFT] },
  ],
  'silence to what is no HTTP': [/without a word/, { sent: 'no HTTP\r\n\r\n' }],
  'silence to who would have waited': [/time to give them/, { end: 'finishes later' }],
  'silence to half a request': [/without a word/, { sent: POST.slice(0, -1) }],
  'one answer to two, and the end': [/1 answers of 2/, { sent: POST + POST, got: GOOD }],
  'one answer to two, and no end': [
    /stays open/,
    { sent: POST + POST, got: GOOD, isClosed: false },
  ],
  'a right call that is refused for anything else': [
    /answered with 503/,
    { kind: 'control', got: SHED.replace('OVERLOADED', 'OUT_OF_IDS'), isClosed: false },
  ],
  'no answer in time': [/no end/, { isHung: true, isClosed: false }],
  'what is behind, ignored': [/1 answers of 2/, { sent: `${POST}no HTTP\r\n\r\n`, got: GOOD }],
  'two answers to one': [/2 answers of 1/, { got: GOOD + GOOD }],
  'an answer to nothing': [/1 answers of 0/, { sent: '\r\n', got: GOOD }],
  'a part of an answer': [/cut/, { got: GOOD.slice(0, -1) }],
  'a part of a small answer of a tool': [
    /cut/,
    { kind: 'upstream', answer: OK, got: GOOD.slice(0, -1) },
  ],
  'garbage to who has left': [/no HTTP/, { end: 'resets', got: 'garbage' }],
  'a broken answer of a tool': [/no JSON/, { kind: 'upstream', answer: OK, got: http(`${OK}x`) }],
  'an answer to another call': [
    /answer to 8/,
    { kind: 'upstream', answer: OK, got: http(OK.replace('7', '8')) },
  ],
  'a request as an answer': [
    /a request/,
    { got: http('{"jsonrpc":"2.0","id":7,"method":"ping"}') },
  ],
  'both result and error': [
    /no JSON-RPC answer/,
    { got: http('{"jsonrpc":"2.0","id":7,"result":{},"error":{"code":1,"message":""}}') },
  ],
  'a tool that ran twice': [/2 tools ran/, { got: GOOD, runs: [LEFT, LEFT] }],
  'a tool that ran on for who has left': [/for nobody/, { end: 'finishes', runs: [RUN_ON] }],
  'a tool that ran on for who reset it': [/for nobody/, { end: 'resets', runs: [RUN_ON] }],
  'what belongs to somebody else': [
    /another case/,
    { got: http(OK.replace('{}', '"tk00000002"')) },
  ],
}

for (const [what, scene] of Object.entries(MAY_BE))
  test(`${what} may be`, () => assert.equal(wrong(scene), ''))

for (const [what, [says, scene]] of Object.entries(MUST_NOT_BE))
  test(`${what} must not be`, () => assert.match(wrong(scene), says))
