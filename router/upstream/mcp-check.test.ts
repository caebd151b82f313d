// The active check against small real servers, one for each kind that is met in the wild: verdict, what was learned, and no session left.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Learned } from '#router/clusters/endpoint.ts'
import type { CheckResult } from '#router/clusters/health/checker.ts'
import { checked } from '#test/support/checked-replica.ts'
import { HEALTH, instanceAt } from '#test/support/cluster-policy.ts'
import { legacyScript, MODERN_SCRIPT, type Script } from '#test/support/small-replica.ts'
import { toolsNamed } from '#test/support/tools-named.ts'

const learned = (result: CheckResult): Learned => {
  assert.ok(result.ok && result.learned !== undefined, JSON.stringify(result))
  return result.learned
}

const refusal = (result: CheckResult): string => {
  assert.ok(!result.ok, 'the check passed')
  assert.equal(result.isRefused, false)
  return result.reason
}

test('a modern server is learned: era, instructions, names of tools', async t => {
  const { check, replica } = await checked(t, MODERN_SCRIPT)
  const { lists, ...rest } = learned(await check())
  assert.deepEqual(rest, {
    eras: ['modern'],
    isSessionful: false,
    instructions: 'modern words',
    capabilities: { modern: { has: [], tells: [], hasSubscriptions: false, extensions: {} } },
    tools: toolsNamed('search', 'count'),
  })
  assert.match(lists?.modern?.digest ?? '', /^[\w-]{16}$/)
  const { headers } = replica.asked[0] ?? assert.fail('nothing was asked')
  assert.equal(headers['mcp-protocol-version'], '2026-07-28')
  assert.equal(headers['mcp-method'], 'server/discover')
})

test('a modern server is then asked server/discover alone', async t => {
  const { check, replica } = await checked(t, MODERN_SCRIPT)
  await check()
  const before = replica.asked.length
  assert.deepEqual(await check(false), { ok: true })
  assert.deepEqual(replica.methods().slice(before), ['server/discover'])
})

test('a legacy server with sessions answers 400 -32000: learned as legacy, and its session is ended', async t => {
  const { check, replica } = await checked(t, legacyScript('s-1'))
  const { lists, ...rest } = learned(await check())
  assert.deepEqual(rest, {
    eras: ['legacy'],
    isSessionful: true,
    legacyVersion: '2025-11-25',
    instructions: 'legacy words',
    capabilities: { legacy: { has: [], tells: [], hasSubscriptions: false, extensions: {} } },
    tools: toolsNamed('old'),
  })
  assert.match(lists?.legacy?.digest ?? '', /^[\w-]{16}$/)
  assert.deepEqual(replica.methods(), [
    'server/discover',
    'initialize',
    'notifications/initialized',
    'tools/list',
    'DELETE',
  ])
  assert.equal(replica.sessions.size, 0)
})

test('a hundred checks leave no session behind', async t => {
  const { check, replica } = await checked(t, legacyScript('s-1'))
  for (let count = 0; count < 100; count += 1) assert.equal((await check(count === 0)).ok, true)
  assert.equal(replica.sessions.size, 0)
  assert.equal(replica.methods().filter(method => method === 'initialize').length, 100)
  assert.equal(replica.methods().filter(method => method === 'ping').length, 99)
})

test('a legacy server without sessions is learned as such, and nothing is ended', async t => {
  const { check, replica } = await checked(t, {
    ...legacyScript(),
    'server/discover': ({ error }) => error(400, -32_000),
  })
  const { eras, isSessionful } = learned(await check())
  assert.deepEqual({ eras, isSessionful }, { eras: ['legacy'], isSessionful: false })
  assert.ok(!replica.methods().includes('DELETE'))
  assert.ok(!replica.methods().includes('notifications/initialized'))
})

test('a server of both eras is learned as both', async t => {
  const { check } = await checked(t, {
    ...legacyScript(),
    ...MODERN_SCRIPT,
  })
  const { eras, tools, instructions } = learned(await check())
  assert.deepEqual(eras, ['modern', 'legacy'])
  assert.deepEqual(tools, toolsNamed('search', 'count'))
  assert.equal(instructions, 'modern words')
})

test('a server of both eras that the document pins to one is learned as that one', async t => {
  const { check } = await checked(t, { ...legacyScript(), ...MODERN_SCRIPT }, { eras: ['legacy'] })
  assert.deepEqual(learned(await check()).eras, ['legacy'])
})

test('a server that speaks only the era that the document does not want is not let in, and the reason says so', async t => {
  const { check } = await checked(t, MODERN_SCRIPT, { eras: ['legacy'] })
  assert.match(refusal(await check()), /speaks modern, the document wants legacy|neither era/)
  const legacy = await checked(t, legacyScript('s-1'), { eras: ['modern'] })
  assert.match(refusal(await legacy.check()), /speaks legacy, the document wants modern/)
  assert.equal(legacy.replica.sessions.size, 0)
})

test('404 -32601 on server/discover is a legacy server', async t => {
  const { check } = await checked(t, {
    ...legacyScript('s-1'),
    'server/discover': ({ error }) => error(404, -32_601),
  })
  assert.deepEqual(learned(await check()).eras, ['legacy'])
})

for (const code of [-32_020, -32_021, -32_022]) {
  test(`400 ${code} proves a modern server`, async t => {
    const { check } = await checked(t, {
      ...MODERN_SCRIPT,
      'server/discover': ({ error }) => error(400, code, { supported: ['2026-07-28'] }),
    })
    assert.deepEqual(learned(await check()).eras, ['modern'])
  })
}

test('401 is alive; where nobody has named the era it is not routed to, and the reason says what to do', async t => {
  const guarded: Script = { 'server/discover': ({ status }) => status(401) }
  const unnamed = await checked(t, guarded)
  assert.match(refusal(await unnamed.check()), /asks for authorization.*name it in the document/)
  const named = await checked(t, guarded, { eras: ['modern'] })
  assert.deepEqual(learned(await named.check()).eras, ['modern'])
  assert.deepEqual(await named.check(false), { ok: true })
})

test('401 or 403 on initialize, after a plain no to discover, is alive and guarded as well', async t => {
  for (const code of [401, 403]) {
    const guarded: Script = { initialize: ({ status }) => status(code) }
    const unnamed = await checked(t, guarded)
    assert.match(refusal(await unnamed.check()), /asks for authorization.*name it in the document/)
    const named = await checked(t, guarded, { eras: ['legacy'] })
    assert.deepEqual(learned(await named.check()).eras, ['legacy'])
  }
})

test('one that was learned and then guards itself stays what it was', async t => {
  const script: Record<string, Script[string]> = { ...legacyScript('s-1') }
  const { check } = await checked(t, script)
  const { lists, ...before } = learned(await check())
  const digest = lists?.legacy?.digest ?? assert.fail('its list is not known')
  script['initialize'] = ({ status }) => status(401)
  const problem = 'it asks for authorization'
  assert.deepEqual(learned(await check()), {
    ...before,
    lists: { legacy: { digest, misses: 1, problem } },
  })
  script['server/discover'] = ({ status }) => status(401)
  assert.deepEqual(learned(await check()), {
    ...before,
    lists: { legacy: { digest, misses: 2, problem } },
  })
})

test('a legacy server that begins to answer 401 is alive', async t => {
  const { check, endpoint } = await checked(t, { initialize: ({ status }) => status(401) })
  endpoint.learned = { eras: ['legacy'], isSessionful: false, tools: toolsNamed() }
  assert.deepEqual(await check(false), { ok: true })
})

test('500 is a failure and no verdict on the era', async t => {
  const { check, replica } = await checked(t, { 'server/discover': ({ status }) => status(500) })
  assert.equal(refusal(await check()), 'server/discover answered 500')
  assert.deepEqual(replica.methods(), ['server/discover'])
})

test('a server that does not speak MCP is not let in', async t => {
  const { check } = await checked(t, {
    'server/discover': ({ status }) => status(200, '<html>hello</html>'),
    initialize: ({ status }) => status(200, '<html>hello</html>'),
  })
  assert.equal(refusal(await check()), 'it speaks neither era: initialize answered 200')
})

test('a server that hangs before its head, or after it, fails at the limit', async t => {
  const silent = await checked(t, { 'server/discover': () => undefined })
  assert.match(refusal(await silent.check()), /no answer within 300 ms|HEADERS_TIMEOUT/)
  const halfway = await checked(t, {
    'server/discover': ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{')
    },
  })
  assert.equal(refusal(await halfway.check()), 'no answer within 300 ms')
})

test('a port where nobody listens is told as refused', async t => {
  const { check, endpoint } = await checked(t, MODERN_SCRIPT)
  endpoint.instance = instanceAt(1)
  const result = await check()
  assert.equal(result.ok, false)
  assert.equal(result.isRefused, true)
  assert.match(result.reason, /^ECONNREFUSED/)
})

test('a legacy server whose ping fails is not alive, and its session is ended all the same', async t => {
  for (const answer of [500, 503]) {
    const { check, replica } = await checked(t, {
      ...legacyScript('s-1'),
      ping: ({ status }) => status(answer),
    })
    await check()
    assert.equal(refusal(await check(false)), `ping answered ${answer}`)
    assert.equal(replica.sessions.size, 0)
  }
})

test('a legacy server that does not know ping is alive', async t => {
  const { check } = await checked(t, {
    ...legacyScript('s-1'),
    ping: ({ error }) => error(200, -32_601),
  })
  await check()
  assert.deepEqual(await check(false), { ok: true })
})

test('a modern server that was replaced by a legacy one is learned anew', async t => {
  const script: Record<string, Script[string]> = { ...MODERN_SCRIPT }
  const { check } = await checked(t, script)
  await check()
  Object.assign(script, legacyScript('s-1'))
  assert.deepEqual(learned(await check(false)).eras, ['legacy'])
})

test('a tool list of pages is read to its end, once around when a cursor repeats, and not at all when it breaks', async t => {
  const page = (names: readonly string[], nextCursor?: string): object => ({
    tools: names.map(name => ({ name })),
    nextCursor,
  })
  const paged = await checked(t, {
    ...MODERN_SCRIPT,
    'tools/list': ({ params, result }) =>
      result(params['cursor'] === undefined ? page(['a'], 'two') : page(['b'])),
  })
  assert.deepEqual(learned(await paged.check()).tools, toolsNamed('a', 'b'))
  const circling = await checked(t, {
    ...MODERN_SCRIPT,
    'tools/list': ({ result }) => result(page(['a'], 'again')),
  })
  assert.deepEqual(learned(await circling.check()).tools, toolsNamed('a'))
  assert.equal(circling.replica.methods().filter(method => method === 'tools/list').length, 2)
  const broken = await checked(t, { ...MODERN_SCRIPT, 'tools/list': ({ status }) => status(500) })
  assert.deepEqual(learned(await broken.check()).tools, toolsNamed())
  const odd = await checked(t, {
    ...MODERN_SCRIPT,
    'tools/list': ({ result }) => result({ tools: [null, { name: 5 }, { name: 'ok' }] }),
  })
  assert.deepEqual(learned(await odd.check()).tools, toolsNamed('ok'))
})

test('a plain path that the document names is asked with GET, and MCP only to learn', async t => {
  const health = { ...HEALTH, timeoutMs: 300, path: '/healthz' }
  const { check, replica } = await checked(
    t,
    { ...MODERN_SCRIPT, GET: ({ status }) => status(200, 'fine') },
    { health },
  )
  assert.deepEqual(learned(await check()).eras, ['modern'])
  const before = replica.asked.length
  assert.deepEqual(await check(false), { ok: true })
  assert.deepEqual(replica.methods().slice(before), ['GET'])
  const sick = await checked(t, { GET: ({ status }) => status(503) }, { health })
  assert.equal(refusal(await sick.check()), 'GET /healthz answered 503')
})

test('where a plain path proves life, a server that does not tell what it speaks is what the document says', async t => {
  const health = { ...HEALTH, timeoutMs: 300, path: '/healthz' }
  const script: Script = { GET: ({ status }) => status(200) }
  const { check } = await checked(t, script, { health, eras: ['modern'] })
  assert.deepEqual(learned(await check()), {
    eras: ['modern'],
    isSessionful: false,
    tools: toolsNamed(),
    lists: { modern: { problem: 'it speaks neither era: initialize answered 404' } },
  })
  const unnamed = await checked(t, script, { health })
  assert.match(refusal(await unnamed.check()), /speaks neither era/)
})

test('a check that is under way when its endpoint leaves keeps no pool of it', async t => {
  const { check, endpoint, pools } = await checked(t, MODERN_SCRIPT)
  const checking = check()
  endpoint.isRemoved = true
  pools.release(endpoint)
  await checking
  assert.equal(pools.size, 0)
})
