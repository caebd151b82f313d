// What each upstream status means: passed on, put in the router's own words, and never a code that the caller's era must not see.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { McpAnswer } from '#router/facts.ts'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { Era } from '#routes/route-table.ts'
import { answeredAs, fakeBody } from '#test/support/fake-body.ts'
import { judgeAnswer } from './judge.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

const judged = (
  status: number,
  headers: Readonly<Record<string, string>> = {},
  { era, isBound }: { readonly era: Era; readonly isBound: boolean } = {
    era: 'modern',
    isBound: false,
  },
): { readonly verdict: ReturnType<typeof judgeAnswer>; readonly log: readonly string[] } => {
  const attempt = answeredAs(status, headers)
  return { verdict: judgeAnswer(attempt, { era, spoken: era, isBound }), log: attempt.body.log }
}

const errorBody = (error: string): Buffer =>
  Buffer.from(`{"jsonrpc":"2.0","id":1,"error":${error}}`)

const read = (
  status: number,
  body: Buffer | 'too_large' | 'broken',
  era: Era = 'modern',
  spoken: Era = era,
): Promise<McpAnswer | Refusal> =>
  Promise.resolve(
    judgeAnswer(answeredAs(status, JSON_TYPE, fakeBody(body)), { era, spoken, isBound: false }) as
      | McpAnswer
      | Refusal,
  )

test('200 with JSON or events is passed on', () => {
  for (const type of [
    'application/json',
    'Application/JSON; charset=utf-8',
    'text/event-stream',
    'text/event-stream;charset=utf-8',
  ])
    assert.deepEqual(judged(200, { 'content-type': type }), { verdict: 'relay', log: [] })
  const identity = { ...JSON_TYPE, 'content-encoding': 'identity' }
  assert.equal(judged(200, identity).verdict, 'relay')
  assert.equal(judged(200, { ...JSON_TYPE, 'transfer-encoding': 'Chunked' }).verdict, 'relay')
})

test('200 with anything else is no MCP, and the exchange is ended', () => {
  for (const [headers, detail] of [
    [{ 'content-type': 'text/html' }, 'content-type text/html'],
    [{ 'content-type': 'application/json-seq' }, 'content-type application/json-seq'],
    [{}, 'content-type missing'],
    [{ ...JSON_TYPE, 'content-encoding': 'gzip' }, 'content-encoding gzip was not asked for'],
    [
      { ...JSON_TYPE, 'content-encoding': 'identity, gzip' },
      'content-encoding identity, gzip was not asked for',
    ],
    [
      { ...JSON_TYPE, 'transfer-encoding': 'gzip, chunked' },
      'transfer-encoding gzip, chunked was not asked for',
    ],
  ] as const)
    assert.deepEqual(judged(200, headers), {
      verdict: { code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE', detail },
      log: ['abort'],
    })
})

test('a status that answers no call is a bad response whose outcome is not known', () => {
  for (const status of [202, 204, 206, 500, 502, 503, 504, 599])
    assert.deepEqual(judged(status, JSON_TYPE), {
      verdict: {
        code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
        detail: `the replica answered ${status}`,
      },
      log: ['abort'],
    })
})

test('a redirect is not followed', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    const { verdict, log } = judged(status, { location: 'http://10.0.0.1/' })
    assert.equal((verdict as Refusal).code, 'RINGMAIN_UPSTREAM_BAD_RESPONSE')
    assert.deepEqual(log, ['abort'])
  }
})

test('401 and 403 are between router and replica, and are not shown to the caller', () => {
  for (const status of [401, 403])
    assert.deepEqual(judged(status, JSON_TYPE), {
      verdict: { code: 'RINGMAIN_UPSTREAM_REFUSED', detail: `the replica answered ${status}` },
      log: ['abort'],
    })
})

test('404 from the replica that holds the session ends it; elsewhere it is an answer like any 4xx', async () => {
  const lost = judged(404, JSON_TYPE, { era: 'legacy', isBound: true })
  assert.equal((lost.verdict as Refusal).code, 'RINGMAIN_SESSION_UNKNOWN')
  assert.deepEqual(lost.log, ['abort'])
  const answer = await read(404, errorBody('{"code":-32601,"message":"no"}'))
  assert.deepEqual(answer, {
    kind: 'error',
    errorJson: '{"code":-32601,"message":"no"}',
    rpcCode: -32_601,
    status: 404,
  })
})

test('429 or 503 that ran nothing is a busy replica, with its own time to wait where it gives one in seconds', () => {
  for (const [header, retryAfterMs] of [
    ['7', 7_000],
    ['0', 0],
    ['soon', 1_000],
    ['-1', 1_000],
    ['99999999', 1_000],
    [undefined, 1_000],
  ] as const) {
    const headers = header === undefined ? {} : { 'retry-after': header }
    for (const status of [429, 503]) {
      const { verdict } = judged(status, { ...headers, 'x-ringmain-not-executed': '1' })
      assert.deepEqual(verdict, {
        code: 'RINGMAIN_CLUSTER_BUSY',
        detail: `the replica answered ${status}`,
        retryAfterMs,
      })
    }
  }
})

test('429 without that word may come from a tool that ran, and is told as unknown', async () => {
  assert.deepEqual(await read(429, Buffer.from('later')), {
    code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
    detail: 'the replica answered 429',
    says: 'It answered 429, too many requests, and not whether it ran.',
  })
})

test('a JSON-RPC error under a 4xx goes on as it was written', async () => {
  const error = '{"code":-32602, "message":"bad \\u00e9", "data":{"big":12345678901234567890}}'
  assert.deepEqual(await read(400, errorBody(error)), {
    kind: 'error',
    errorJson: error,
    rpcCode: -32_602,
    status: 400,
  })
  assert.deepEqual(await read(422, errorBody(error)), {
    kind: 'error',
    errorJson: error,
    rpcCode: -32_602,
    status: 200,
  })
  assert.deepEqual(await read(400, errorBody(error), 'legacy'), {
    kind: 'error',
    errorJson: error,
    rpcCode: -32_602,
    status: 200,
  })
})

test('an application’s own code goes on', async () => {
  for (const code of [1, -1, 5_000, -31_999, -32_769])
    assert.equal(
      'kind' in (await read(400, errorBody(`{"code":${code},"message":""}`))),
      true,
      String(code),
    )
})

test('codes that the caller’s era must not see are told in the router’s words', async () => {
  const must = async (era: Era, codes: readonly number[]): Promise<void> => {
    for (const code of codes) {
      // These two contradict the router, and come before the message is looked at where the era says so; of the others nobody knows.
      const isContradicted = code === -32_020 || code === -32_022
      const isBefore = isContradicted && era === 'modern'
      // Servers of the legacy era refuse so what is no message of theirs; of what ran before that nothing is known.
      const isOutdated = isContradicted || (era === 'modern' && code <= -32_000 && code >= -32_019)
      assert.deepEqual(
        await read(400, errorBody(`{"code":${code},"message":"x"}`), era),
        {
          code: isBefore ? 'RINGMAIN_UPSTREAM_REFUSED' : 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
          detail: `the replica answered 400 ${code}`,
          ...(isOutdated ? { isOutdated } : {}),
          ...(isBefore && code === -32_022 ? { isElsewhere: true } : {}),
        },
        `${era} ${code}`,
      )
    }
  }
  await must(
    'modern',
    [-32_000, -32_001, -32_002, -32_019, -32_020, -32_022, -32_023, -32_042, -32_099],
  )
  await must('legacy', [-32_000, -32_001, -32_002, -32_020, -32_022, -32_042])
})

test('what contradicts the era in which a replica was asked is no word of the caller’s era', async () => {
  const body = errorBody('{"code":-32022,"message":"x"}')
  for (const era of ['modern', 'legacy'] as const) {
    const asLegacy = await read(400, body, era, 'legacy')
    const asModern = await read(400, body, era, 'modern')
    assert.deepEqual(
      [asLegacy, asModern].map(one => ('code' in one ? one.code : one)),
      ['RINGMAIN_UPSTREAM_BAD_RESPONSE', 'RINGMAIN_UPSTREAM_REFUSED'],
    )
  }
})

test('a capability that a modern caller did not declare is told to it', async () => {
  const error = '{"code":-32021,"message":"x","data":{"requiredCapabilities":{}}}'
  assert.deepEqual(await read(400, errorBody(error)), {
    kind: 'error',
    errorJson: error,
    rpcCode: -32_021,
    status: 400,
  })
})

test('what a legacy caller cannot be asked is told to it by name, as far as the name is known', async () => {
  for (const [needs, says] of [
    ['{"elicitation":{"form":{}},"\\u001b[2J":{}}', 'This caller cannot be asked for elicitation.'],
    ['{"elicitation":{"url":{}}}', 'This caller cannot be asked for elicitation by a URL.'],
    ['{"roots":{},"sampling":{}}', 'This caller cannot be asked for sampling, roots.'],
    ['{}', 'This caller cannot be asked for it.'],
    ['7', 'This caller cannot be asked for it.'],
  ]) {
    const error = `{"code":-32021,"message":"x","data":{"requiredCapabilities":${needs}}}`
    assert.deepEqual(await read(400, errorBody(error), 'legacy'), {
      code: 'RINGMAIN_QUESTION_UNANSWERED',
      says,
      detail: 'the replica answered 400 -32021',
    })
  }
})

test('a 4xx without a JSON-RPC error does not tell whether the tool ran', async () => {
  for (const body of [
    'too_large',
    'broken',
    Buffer.from(''),
    Buffer.from('<html>'),
    Buffer.from('[]'),
    Buffer.from('{"error":"no"}'),
    errorBody('{"code":"1","message":"x"}'),
    errorBody('{"code":1}'),
    errorBody('null'),
    Buffer.from(errorBody('{"code":1,"message":"\xff"}').toString(), 'latin1'),
    errorBody(`{"code":1,"message":"${'x'.repeat(70_000)}"}`),
  ] as const)
    assert.deepEqual(await read(400, body), {
      code: 'RINGMAIN_UPSTREAM_BAD_RESPONSE',
      detail: 'the replica answered 400',
    })
})

test('a code that is no integer makes no JSON-RPC error, whatever JSON it is', async () => {
  for (const code of ['-1e400', '1e400', '1.5', '-9007199254740993', '"-32602"'])
    assert.equal(
      ((await read(404, errorBody(`{"code":${code},"message":"no"}`))) as Refusal).code,
      'RINGMAIN_UPSTREAM_BAD_RESPONSE',
      code,
    )
})

test('an error of any depth is passed without a stack', async () => {
  const depth = 20_000
  const error = `{"code":1,"message":"","data":${'['.repeat(depth)}${']'.repeat(depth)}}`
  assert.deepEqual(await read(400, errorBody(error)), {
    kind: 'error',
    errorJson: error,
    rpcCode: 1,
    status: 400,
  })
})
