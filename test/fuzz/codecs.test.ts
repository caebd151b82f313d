// Whatever comes in is understood or refused, and never anything else; and what is understood goes up as the same message, in either era.
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { refusals } from '#foundation/refusals.ts'
import { codecOf, decodeRequest } from '#router/eras/decode.ts'
import { encodeHeaderValue } from '#router/eras/header-value.ts'
import type { Session } from '#router/facts.ts'
import { METHODS, subjectOf } from '#router/methods.ts'
import { arrivedAs } from '#test/support/fake-caller.ts'
import { jsonValue, runOf, spelt } from '#test/support/properties.ts'
import { testGuard } from '#test/support/read-message.ts'

const SESSION: Session = {
  token: 'known',
  serverName: 'default',
  version: '2025-11-25',
  members: [],
}
const ports = {
  guard: testGuard(),
  routerId: 'r',
  openSession: (token: string) => (token === SESSION.token ? SESSION : undefined),
}
const decoded = (headers: IncomingHttpHeaders, body: Buffer) =>
  decodeRequest(arrivedAs({ verb: 'POST', headers, body }), ports)

const anything = jsonValue(2)
const method = fc.constantFrom(...Object.keys(METHODS))
const VERSION = 'io.modelcontextprotocol/protocolVersion'
const MODERN = {
  [VERSION]: '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'a', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

interface Asked {
  readonly head: Readonly<Record<string, string | undefined>>
  readonly value: Readonly<Record<string, unknown>>
}

/** One that is in order, of either era. */
const right: fc.Arbitrary<Asked> = fc
  .record({
    isModern: fc.boolean(),
    method,
    name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    args: fc.dictionary(fc.string({ maxLength: 5 }), anything, { maxKeys: 4 }),
    id: fc.oneof(fc.integer(), fc.string({ unit: 'grapheme', maxLength: 20 })),
  })
  .map(({ isModern, method: asked, name, args, id }) => {
    const ref = { type: 'ref/prompt', name }
    const params = { name, uri: name, taskId: name, ref, arguments: args }
    const mirrored =
      METHODS[asked]?.isMirrored === true ? { 'mcp-name': encodeHeaderValue(name) } : {}
    const head = { accept: 'application/json, text/event-stream' }
    return isModern
      ? {
          head: { ...head, 'mcp-protocol-version': '2026-07-28', 'mcp-method': asked, ...mirrored },
          value: { jsonrpc: '2.0', id, method: asked, params: { ...params, _meta: MODERN } },
        }
      : { head, value: { jsonrpc: '2.0', id, method: asked, params } }
  })

const HEADERS =
  'accept mcp-protocol-version mcp-session-id mcp-method mcp-name mcp-param-a x-ringmain-deadline-ms'.split(
    ' ',
  )
const word = fc.oneof(
  fc.constantFrom(
    '2026-07-28',
    '2025-11-25',
    '2',
    '',
    'known',
    'unknown',
    '=?base64?w6k=?=',
    'text/html',
  ),
  fc.string(),
)
type Disturbance = (asked: Asked) => Asked
const disturbance: fc.Arbitrary<Disturbance> = fc.oneof(
  fc.tuple(fc.constantFrom(...HEADERS), fc.option(word, { nil: undefined })).map(
    ([name, by]): Disturbance =>
      ({ head, value }) => ({ head: { ...head, [name]: by }, value }),
  ),
  fc.tuple(fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'result'), anything).map(
    ([key, by]): Disturbance =>
      ({ head, value }) => ({ head, value: { ...value, [key]: by } }),
  ),
  fc
    .tuple(fc.constantFrom('name', 'uri', 'ref', 'arguments', '_meta', 'requestState'), anything)
    .map(
      ([key, by]): Disturbance =>
        ({ head, value }) => ({
          head,
          value: { ...value, params: { ...(value['params'] as object), [key]: by } },
        }),
    ),
)
const request: fc.Arbitrary<Asked> = fc
  .tuple(right, fc.array(disturbance, { maxLength: 2 }))
  .map(([asked, changes]) => changes.reduce((one, change) => change(one), asked))

test('a request is decoded or refused by a code that there is, whatever it says', t => {
  const counts = { ok: 0, refuse: 0 }
  fc.assert(
    fc.property(request, fc.integer(), ({ head, value }, ink) => {
      const body = Buffer.from(spelt(value, seededRandom(ink)))
      const read = decoded(head, body)
      counts[read.kind] += 1
      if (read.kind === 'refuse') assert.ok(read.refusal.code in refusals)
      else upgoing(read.value, value)
    }),
    runOf(t, 1_500),
  )
  t.diagnostic(JSON.stringify(counts))
  assert.ok(counts.ok > 200 && counts.refuse > 200)
})

/** What goes up in its own era says the same, but for its id and the name of what it is about. */
function upgoing(
  call: Extract<ReturnType<typeof decoded>, { kind: 'ok' }>['value'],
  value: Readonly<Record<string, unknown>>,
): void {
  if (call.list !== 'call') return
  const subject = subjectOf(call.message)
  assert.ok(subject !== undefined, 'no call without a subject is let in')
  const codec = codecOf(call.era)
  const idJson = codec.upstreamIdJson(call.message, () => 1_000)
  const { body } = codec.upward(call, {
    version: call.version,
    ownName: subject.name,
    idJson,
    leftMs: 100,
  })
  const sent = JSON.parse(body.toString()) as Readonly<Record<string, unknown>>
  const same = JSON.parse(JSON.stringify(value)) as object
  assert.deepEqual(sent, { ...same, id: JSON.parse(idJson) as unknown })
}

test('bytes of any kind are decoded or refused', t => {
  const text = fc.array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '\\u0000',
      '\\',
      'id',
      '1e400',
      '\u2028',
      '\ufeff',
    ),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(
      right,
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        text.map(parts => Buffer.from(parts.join(''))),
      ),
      ({ head }, bytes) => {
        const read = decoded(head, Buffer.from(bytes))
        assert.equal(read.kind, 'refuse')
      },
    ),
    runOf(t, 1_000),
  )
})
