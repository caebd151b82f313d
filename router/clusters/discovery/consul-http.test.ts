// One GET against Consul, over a real socket to a fake agent: every way it can go wrong comes back as a value.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type ConsulFaultScript, startFakeConsul } from '#test/support/fake-consul.ts'
import { manualTime } from '#test/support/manual-time.ts'
import { sentenceLog } from '#test/support/snapshots.ts'
import { createConsulAccess } from './consul-access.ts'
import { createConsulHttp } from './consul-http.ts'

const PATH = '/v1/health/service/mcp-a?stale'
const SECRET = 'a-very-secret-token'

async function rig(t: TestContext, agents?: (url: string) => readonly string[]) {
  const fake = await startFakeConsul()
  const time = manualTime()
  const access = createConsulAccess(
    { agents: agents?.(fake.url) ?? [fake.url], token: SECRET },
    sentenceLog(),
  )
  const http = createConsulHttp(access, time)
  t.after(async () => {
    await access.close()
    await fake.close()
  })
  const get = (signal = new AbortController().signal) =>
    http.get(PATH, {
      headersMs: 5_000,
      signal,
      onEntry: entry => entries.push(JSON.parse(entry.toString())) > 0,
    })
  const entries: unknown[] = []
  return { entries, fake, time, http, get }
}

test('the token travels in its header and in nothing else', async t => {
  const { fake, get } = await rig(t)
  assert.ok('answer' in (await get()))
  const [request] = fake.requests
  assert.equal(request?.token, SECRET)
  assert.ok(!request?.url.href.includes(SECRET))
})

test('a status that is not 200 is sorted by what may help, and quoted without the token', async t => {
  const { fake, get } = await rig(t)
  const kinds: readonly (readonly [number, string, string])[] = [
    [400, 'bad', 'refused'],
    [403, `Permission denied: ${SECRET}\u0007`, 'refused'],
    [404, '', 'refused'],
    [301, '', 'refused'],
    [429, '', 'busy'],
    [500, 'No cluster leader', 'busy'],
    [500, 'Failed to create boolean expression evaluator: 1:5', 'refused'],
    [503, '', 'busy'],
  ]
  for (const [status, body, kind] of kinds) {
    fake.script({ kind: 'status', status, body })
    const outcome = await get()
    assert.ok('fault' in outcome)
    assert.equal(outcome.fault.kind, kind, `${status} ${body}`)
    assert.match(outcome.fault.says, new RegExp(`answered ${status}`))
    assert.ok(!outcome.fault.says.includes(SECRET))
    assert.match(outcome.fault.says, /^[\x20-\x7e]*$/)
  }
})

test('a body that is cut, or is not JSON, is a fault', async t => {
  const { fake, get } = await rig(t)
  fake.register('mcp-a', { id: 'a', port: 1 })
  const scripts: readonly (readonly [ConsulFaultScript, string])[] = [
    [{ kind: 'cut' }, 'unreachable'],
    [{ kind: 'body', body: '<html>' }, 'garbled'],
    [{ kind: 'body', body: '' }, 'garbled'],
    [{ kind: 'body', body: '[{"Node":' }, 'garbled'],
  ]
  for (const [script, kind] of scripts) {
    fake.script(script)
    const outcome = await get()
    assert.equal('fault' in outcome && outcome.fault.kind, kind, JSON.stringify(script))
  }
})

test('a body that comes one byte a chunk is put together', async t => {
  const { fake, get, entries } = await rig(t)
  fake.register('mcp-a', { id: 'a', port: 1, meta: { note: 'äöü' } })
  fake.script({ kind: 'split' })
  const outcome = await get()
  assert.ok('answer' in outcome)
  assert.equal(entries.length, 1)
  assert.match(JSON.stringify(entries), /äöü/)
})

test('an agent that says nothing is given up after the limit, and no wait is left', async t => {
  const { fake, time, get } = await rig(t)
  fake.script({ kind: 'silent' })
  const asked = fake.nextRequest()
  const outcome = get()
  await asked
  await time.advance(4_999)
  assert.deepEqual(time.waits(), [5_000])
  await time.advance(1)
  const { fault } = (await outcome) as { fault: { kind: string; says: string } }
  assert.equal(fault.kind, 'unreachable')
  assert.match(fault.says, /did not answer in time/)
  assert.deepEqual(time.waits(), [])
})

test('an answer that hangs half-way is given up, and no wait is left', async t => {
  const { fake, time, get } = await rig(t)
  fake.register('mcp-a', { id: 'a', port: 1 })
  fake.script({ kind: 'hangs' })
  const outcome = get()
  assert.equal(await time.untilWaiting(ms => ms !== 5_000), 10_000)
  await time.advance(9_999)
  assert.deepEqual(time.waits(), [10_000])
  await time.advance(1)
  const { fault } = (await outcome) as { fault: { kind: string; says: string } }
  assert.equal(fault.kind, 'unreachable')
  assert.match(fault.says, /did not answer in time/)
  assert.deepEqual(time.waits(), [])
})

test('an answer without end is given up at its bound', async t => {
  const { fake, get } = await rig(t)
  fake.script({ kind: 'body', body: `[${' '.repeat(65 * 1_048_576)}]` })
  const outcome = await get()
  assert.ok('fault' in outcome)
  assert.match(outcome.fault.says, /answered with more than 67108864 bytes/)
})

test('an abort ends the request at once', async t => {
  const { fake, time, get } = await rig(t)
  fake.script({ kind: 'silent' })
  const asked = fake.nextRequest()
  const abort = new AbortController()
  const outcome = get(abort.signal)
  await asked
  abort.abort()
  assert.ok('fault' in (await outcome))
  assert.deepEqual(time.waits(), [])
  assert.ok('fault' in (await get(abort.signal)), 'one that begins aborted does not hang')
})

test('the next agent is asked when told so, and the last is followed by the first', async t => {
  const gone = 'http://127.0.0.1:1'
  const { http, get, fake } = await rig(t, url => [gone, `${url}/`])
  const outcome = await get()
  assert.ok('fault' in outcome)
  assert.match(outcome.fault.says, /http:\/\/127\.0\.0\.1:1 gave no answer: .*ECONNREFUSED/)
  http.tryNextAgent()
  assert.ok('answer' in (await get()))
  assert.equal(http.agent(), `${fake.url}/`)
  http.tryNextAgent()
  assert.equal(http.agent(), gone)
})

test('an agent behind a path is asked under that path', async t => {
  const { get, fake } = await rig(t, url => [`${url}/consul/`])
  await get()
  assert.equal(fake.requests[0]?.url.pathname, '/consul/v1/health/service/mcp-a')
})

test('what the headers say of the answer comes along', async t => {
  const { fake, get } = await rig(t)
  const read = async (headers: Readonly<Record<string, string>>) => {
    fake.script({ kind: 'headers', headers })
    const outcome = await get()
    assert.ok('answer' in outcome)
    const { index, isFilteredByAcl, knowsLeader, lastContactMs } = outcome.answer
    return [index, isFilteredByAcl, knowsLeader, lastContactMs]
  }
  assert.deepEqual(await read({}), ['10', false, true, 0])
  assert.deepEqual(await read({ 'x-consul-results-filtered-by-acls': 'true' }), [
    '10',
    true,
    true,
    0,
  ])
  assert.deepEqual(
    await read({ 'x-consul-knownleader': 'false', 'x-consul-lastcontact': '12000' }),
    ['10', false, false, 12_000],
  )
})

test('whether there is a leader is what the agent says, and nothing where it does not say it', async t => {
  const { fake, time, http } = await rig(t)
  const ask = (): Promise<boolean | undefined> => http.knowsLeader(new AbortController().signal)
  assert.equal(await ask(), true)
  fake.lead(false)
  assert.equal(await ask(), false)
  await fake.close()
  assert.equal(await ask(), undefined)
  assert.deepEqual(time.waits(), [])
})
