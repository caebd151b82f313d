// What a replica sends on the stream of a session: what is for its caller goes on, and what is no message ends it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint } from '#router/clusters/endpoint.ts'
import type { Asking } from '#router/facts.ts'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { fakeSend } from '#test/support/fake-send.ts'
import { settle } from '#test/support/manual-time.ts'
import { type SourceFrom, sessionSource } from './session-source.ts'

const CONTEXT = { version: '2025-11-25', sessionId: 's' }
const NAMED: Asking = { kind: 'named', name: own => `"asked ${own}"` }
const REFUSED: Asking = {
  kind: 'refused',
  refusal: { code: 'RINGMAIN_QUESTION_UNANSWERED', says: 'no' },
}

async function played(differences: Partial<SourceFrom> = {}, mayGoOn = true) {
  const requests = fakeSend()
  const endpoint = new Endpoint(instanceAt(1))
  const seen: string[] = []
  const source = sessionSource(
    {
      way: { path: '/mcp', send: outgoing => requests.say(endpoint, outgoing) },
      context: CONTEXT,
      asking: () => NAMED,
      ...differences,
    },
    {
      onHead: () => void seen.push('head'),
      onEvent: ({ json, last, retryMs }) => {
        const paced = retryMs === undefined ? '' : ` ${retryMs}`
        seen.push(`${last ?? '-'} ${json?.toString() ?? '-'}${paced}`)
        return mayGoOn
      },
      onOver: end => void seen.push(end.kind),
    },
  )
  const request = requests.last()
  request.answer({ 'content-type': 'text/event-stream' })
  await settle()
  source.start()
  return { request, seen, source }
}

const NOTE = '{"jsonrpc":"2.0","method":"notifications/message","params":{"x":1.0}}'
const answer = (id: string): string => `{"jsonrpc":"2.0","id":${id},"result":{}}`

test('it is asked for with the session, and from where it stood', async () => {
  const { request, seen } = await played({ last: 'e7' })
  assert.equal(request.outgoing.method, 'GET')
  for (const [name, value] of [
    ['accept', 'text/event-stream'],
    ['mcp-session-id', 's'],
    ['mcp-protocol-version', '2025-11-25'],
    ['last-event-id', 'e7'],
  ] as const)
    assert.equal(request.header(name), value)
  request.data(`id: 1\ndata: \n\nretry: 5\nid: 2\ndata: ${NOTE}\n\n`)
  request.end()
  assert.deepEqual(seen, ['head', '1 -', `2 ${NOTE} 5`, 'ended'])
})

test('answers to other calls are for nobody, and that of its own call ends it, under the id of its caller', async () => {
  const bare = await played()
  bare.request.data(`data: ${answer('5')}\n\n`)
  assert.deepEqual(bare.seen, ['head'])
  const { request, seen } = await played({ call: { upstreamIdJson: '5', callerIdJson: '"c"' } })
  request.data(`data: ${answer('4')}\n\ndata: ${answer('"5"')}\n\nid: 9\ndata: ${answer('5')}\n\n`)
  request.data(`data: ${NOTE}\n\n`)
  assert.deepEqual(seen, ['head', `9 ${answer('"c"')}`, 'answered'])
  assert.ok(request.control.calls.includes('abort'))
})

test('a question goes on under another id, where its caller can be asked, and URIs under the caller’s names', async () => {
  const asks = '{"jsonrpc":"2.0","id":3,"method":"roots/list"}'
  const { request, seen } = await played({ outwardUri: own => `p+${own}` })
  request.data(`data: ${asks}\n\n`)
  const updated =
    '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:b"}}'
  request.data(`data: ${updated}\n\n`)
  assert.deepEqual(seen, [
    'head',
    `- ${asks.replace('3', '"asked 3"')}`,
    `- ${updated.replace('a:b', 'p+a:b')}`,
  ])
  const mute = await played({ asking: () => REFUSED })
  mute.request.data(`data: ${asks}\n\n`)
  assert.deepEqual(mute.seen, ['head'])
})

test('what is no message, and what is too large, ends it at once', async () => {
  for (const bad of [
    '{',
    '[]',
    '"x"',
    '{"jsonrpc":"2.0"}',
    '{"method":5}',
    '{"id":1,"method":"m"}',
  ]) {
    const { request, seen } = await played({ call: { upstreamIdJson: '5', callerIdJson: '6' } })
    request.data(`data: ${bad}\n\n`)
    request.data(`data: ${NOTE}\n\n`)
    const isForNobody = bad === '{"jsonrpc":"2.0"}'
    assert.deepEqual(seen, isForNobody ? ['head', `- ${NOTE}`] : ['head', 'lost'], bad)
  }
  const { request, seen } = await played()
  const piece = 'x'.repeat(1_048_576)
  request.data('data: ')
  for (let count = 0; count < 18; count += 1) request.data(piece)
  assert.deepEqual(seen, ['head', 'lost'])
})

test('who reads slowly holds the replica back', async () => {
  const { request, source } = await played({}, false)
  request.data(`data: ${NOTE}\n\n`)
  assert.ok(request.control.calls.includes('pause'))
  source.resume()
  assert.equal(request.control.calls.at(-1), 'resume')
})

test('nobody hears of what was ended here', async () => {
  const { request, seen, source } = await played()
  source.end()
  request.fail('ECONNRESET')
  assert.deepEqual(seen, ['head'])
})

test('a slow reader holds the replica back whatever comes behind what it could not take', async () => {
  const kinds = [`data: ${NOTE}\n\n`, 'id: 4\ndata:\n\n', 'retry: 5\n\n']
  for (const taken of kinds)
    for (const behind of ['', ': still here\n\n', `data: ${answer('5')}\n\n`]) {
      const { request } = await played({}, false)
      request.data(`${taken}${behind}`)
      assert.ok(request.control.calls.includes('pause'), `${taken}${behind}`)
    }
})
