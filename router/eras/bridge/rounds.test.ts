// What a modern server asks with its answer, as requests to a legacy caller, and its answers in the next round.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carriedAs } from '#test/support/carried-call.ts'
import { messageOf } from '#test/support/read-message.ts'
import { carryTo } from './downward.ts'
import {
  answerFor,
  answerIn,
  askedIn,
  openQuestion,
  questionFor,
  unaskable,
  withAnswers,
} from './rounds.ts'

const ASKS = '"resultType":"input_required"'
const FORM = '{"mode":"form","message":"\\u00e9","requestedSchema":{"n":12345678901234567890}}'
const NAME = `{"method":"elicitation/create","params":${FORM}}`

function asked(result: string): ReturnType<typeof askedIn> {
  const json = Buffer.from(result)
  return askedIn(json, { start: 0, end: json.length })
}

test('what is asked is read as it was written, and the state with it', () => {
  assert.deepEqual(
    asked(
      `{${ASKS},"inputRequests":{"a":${NAME},"b":{"method":"roots/list"}},"requestState": "s\\"" }`,
    ),
    {
      questions: [
        { key: 'a', method: 'elicitation/create', paramsJson: FORM },
        { key: 'b', method: 'roots/list' },
      ],
      stateJson: '"s\\""',
    },
  )
  assert.deepEqual(asked(`{${ASKS},"requestState":"s"}`), { questions: [], stateJson: '"s"' })
  assert.deepEqual(
    asked(`{"inputRequests":{"b":{"method":"roots/list"}},${ASKS}}`)?.questions.length,
    1,
  )
})

test('what asks for nothing, too much, or what no caller knows, is no question', () => {
  const many = Array.from({ length: 33 }, (_, n) => `"${n}":{"method":"roots/list"}`).join()
  for (const none of [
    '',
    ',"inputRequests":{}',
    ',"inputRequests":[]',
    ',"inputRequests":{"a":7}',
    ',"inputRequests":{"a":{"method":"tools/call"}}',
    ',"inputRequests":{"a":{"method":7}}',
    ',"inputRequests":{"a":{}}',
    `,"inputRequests":{${many}}`,
    ',"requestState":7',
  ])
    assert.equal(asked(`{${ASKS}${none}}`), undefined, none)
})

test('a question becomes a request; a URL gets the id that the legacy era wants', () => {
  const request = (paramsJson?: string): string =>
    questionFor('q', {
      key: 'k',
      method: 'm',
      ...(paramsJson === undefined ? {} : { paramsJson }),
    }).toString()
  assert.equal(request(), '{"jsonrpc":"2.0","id":"q","method":"m"}')
  assert.equal(request(FORM), `{"jsonrpc":"2.0","id":"q","method":"m","params":${FORM}}`)
  assert.equal(
    request('{"mode":"url","url":"https://a"}'),
    '{"jsonrpc":"2.0","id":"q","method":"m","params":{"elicitationId":"q","mode":"url","url":"https://a"}}',
  )
  const own = '{"mode":"url","elicitationId":"e"}'
  assert.ok(request(own).endsWith(`"params":${own}}`))
})

test('a caller is asked for no more than it has said that it can do', () => {
  const elicit = (mode: string) => ({
    key: 'k',
    method: 'elicitation/create',
    paramsJson: JSON.stringify({ mode }),
  })
  assert.equal(unaskable(elicit('form'), { elicitation: {} }), undefined)
  assert.equal(unaskable(elicit('url'), { elicitation: { url: {} } }), undefined)
  assert.equal(
    unaskable(elicit('url'), { elicitation: {} })?.says,
    'This caller cannot be asked for elicitation by a URL.',
  )
  assert.equal(
    unaskable(elicit('form'), { roots: {} })?.says,
    'This caller cannot be asked for elicitation.',
  )
  assert.equal(unaskable({ key: 'k', method: 'roots/list' }, { roots: {} }), undefined)
})

test('the next round is the same call with the answers as they were written, in place of any that came', () => {
  const call = (params: string): string =>
    `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${params}}}`
  const message = messageOf(
    call('"requestState":"x", "name":"a","arguments":{"n":1.50},"inputResponses":{"x":1}'),
  )
  const answer =
    answerIn(messageOf('{"jsonrpc":"2.0","id":"q","result":{"n":1.0}}')) ?? assert.fail()
  const later = withAnswers(message, [['k"', answer]], '"s"')
  assert.equal(
    later.body.toString(),
    call(
      '"name":"a","arguments":{"n":1.50},"inputResponses":{"k\\"":{"n":1.0}},"requestState":"s"',
    ),
  )
  assert.deepEqual(later.spans, messageOf(later.body).spans)
  assert.equal(
    withAnswers(messageOf('{"jsonrpc":"2.0","id":1,"method":"m"}'), [], '"s"').body.toString(),
    '{"jsonrpc":"2.0","id":1,"method":"m","params":{"requestState":"s"}}',
  )
  assert.equal(
    answerIn(messageOf('{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}')),
    undefined,
  )
})

test('who cannot be asked is told so, and who is asked in no known form, too', () => {
  const carried = (result: string, mayAsk: boolean) =>
    carryTo(
      'legacy',
      carriedAs({ mayAsk }),
    )(Buffer.from(`{"jsonrpc":"2.0","id":1,"result":${result}}`))
  const result = `{${ASKS},"inputRequests":{"a":${NAME}}}`
  const code = (one: ReturnType<typeof carried>) =>
    one.kind === 'refuse' ? one.refusal.code : one.kind
  assert.equal(code(carried(result, true)), 'ask')
  assert.equal(code(carried(result, false)), 'RINGMAIN_QUESTION_UNANSWERED')
  assert.equal(code(carried(`{${ASKS}}`, true)), 'RINGMAIN_UPSTREAM_BAD_RESPONSE')
})

test('a server’s request is read as a question; of a URL the id stays here', () => {
  const read = (rest: string) => openQuestion(Buffer.from(`{"jsonrpc":"2.0","id":0${rest}}`), '0')
  assert.deepEqual(read(`,"method":"elicitation/create","params":${FORM}`), {
    key: '',
    method: 'elicitation/create',
    idJson: '0',
    paramsJson: FORM,
  })
  const url = read(
    ',"method":"elicitation/create","params":{"mode":"url","elicitationId":"e","url":"u"}',
  )
  assert.equal(typeof url === 'object' && url.paramsJson, '{"mode":"url","url":"u"}')
  assert.equal(read(',"method":"ping"'), 'ping')
  assert.equal(read(',"method":"tools/call"'), undefined)
})

test('a server gets the answers of the next round as they were written; what is left out is as good as declined', () => {
  const message = messageOf(
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"inputResponses":{"q1":{"n":1.0}}}}',
  )
  const given = (key: string, method: string, of = message): string =>
    answerFor(of, [key, method, '"é"']).toString()
  assert.equal(given('q1', 'roots/list'), '{"jsonrpc":"2.0","id":"é","result":{"n":1.0}}')
  assert.match(given('q2', 'elicitation/create'), /"result":\{"action":"cancel"\}/)
  assert.match(given('q2', 'roots/list'), /"error":\{"code":-1,/)
  const none = messageOf(
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"inputResponses":7}}',
  )
  assert.match(given('q1', 'sampling/createMessage', none), /"error"/)
})
