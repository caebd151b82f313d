// What a check knew before, against real servers that cannot be asked for all of it: a part that stayed silent is not a part that
// said no.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { KnownList, Learned } from '#router/clusters/endpoint.ts'
import type { CheckResult } from '#router/clusters/health/checker.ts'
import type { Era } from '#routes/route-table.ts'
import { type Checked, checked } from '#test/support/checked-replica.ts'
import { HEALTH } from '#test/support/cluster-policy.ts'
import {
  type Asked,
  legacyScript,
  MODERN_SCRIPT,
  type Script,
} from '#test/support/small-replica.ts'
import { toolsNamed } from '#test/support/tools-named.ts'

type Answer = (asked: Asked) => void

const silent: Answer = () => undefined
const answering =
  (code: number): Answer =>
  ({ status }) =>
    status(code)
const UNASKED: ReadonlyArray<readonly [string, Answer]> = [
  ['times out', silent],
  ['answers 408', answering(408)],
  ['answers 429', answering(429)],
  ['answers 503', answering(503)],
]

interface Known extends Checked {
  readonly script: Record<string, Answer>
  readonly before: Learned
}

async function known(t: TestContext, start: Script): Promise<Known> {
  const script: Record<string, Answer> = { ...start }
  const one = await checked(t, script)
  const first = await one.check()
  assert.ok(first.ok && first.learned !== undefined && first.isPartial !== true)
  return { ...one, script, before: first.learned }
}

const BOTH: Script = {
  ...legacyScript('s-1'),
  ...MODERN_SCRIPT,
  'tools/list': ({ result }) => result({ tools: [{ name: 'a' }, { name: 'b' }] }),
}

type Misses = Partial<Record<Era, number>>

/** What was known, in part anew: that of these lists was missed so often. */
const partly = (learned: Learned, misses: Misses): object => ({
  ok: true,
  learned: counted(learned, misses),
  isPartial: true,
})

/** Of lists, digest and misses; why they were missed is in words for people. */
const counted = ({ lists, ...rest }: Learned, misses?: Misses): object => ({
  ...rest,
  lists: Object.entries(lists ?? {}).map(([era, list]) => [
    era,
    list.digest,
    misses === undefined ? (list.misses ?? 0) : (misses[era as Era] ?? 0),
  ]),
})

const shown = (result: CheckResult): object =>
  result.ok && result.learned !== undefined
    ? { ...result, learned: counted(result.learned) }
    : result

for (const [how, answer] of UNASKED) {
  test(`a replica of both eras whose initialize and tools/list each ${how} stays what it was`, async t => {
    const { check, script, before } = await known(t, BOTH)
    Object.assign(script, { initialize: answer, 'tools/list': answer })
    assert.deepEqual(shown(await check()), partly(before, { legacy: 1, modern: 1 }))
  })

  test(`one that is met for the first time while initialize ${how} is learned in part`, async t => {
    const { check } = await checked(t, { ...BOTH, initialize: answer })
    const result = await check()
    assert.ok(result.ok && result.isPartial === true)
    assert.deepEqual(result.learned?.eras, ['modern'])
  })

  test(`a legacy replica whose tools/list ${how} keeps its tools`, async t => {
    const { check, script, before, replica } = await known(t, legacyScript('s-1'))
    script['tools/list'] = answer
    assert.deepEqual(shown(await check()), partly(before, { legacy: 1 }))
    assert.equal(replica.sessions.size, 0)
  })
}

test('a no is still a no: to initialize, and to the list of tools', async t => {
  const { check, script } = await known(t, BOTH)
  script['initialize'] = answering(404)
  script['tools/list'] = ({ error }) => error(200, -32_601)
  const result = await check()
  assert.ok(result.ok && result.isPartial !== true)
  assert.deepEqual(result.learned?.eras, ['modern'])
  assert.deepEqual(result.learned?.tools, toolsNamed())
})

test('a list that fails within the server, or breaks off at a later page, adds to what was known', async t => {
  const { check, script } = await known(t, BOTH)
  script['tools/list'] = ({ error }) => error(200, -32_603)
  const failing = await check()
  assert.ok(failing.ok && failing.isPartial === true)
  assert.deepEqual(failing.learned?.tools, toolsNamed('a', 'b'))
  script['tools/list'] = ({ params, result, status }) =>
    params['cursor'] === undefined
      ? result({ tools: [{ name: 'c' }], nextCursor: 'two' })
      : status(404)
  const broken = await check()
  assert.ok(broken.ok && broken.isPartial === true)
  assert.deepEqual(broken.learned?.tools, toolsNamed('c', 'a', 'b'))
})

test('a list that is kept from strangers is not an empty one', async t => {
  const { check, script, before } = await known(t, BOTH)
  script['tools/list'] = answering(401)
  for (const misses of [1, 2])
    assert.deepEqual(shown(await check()), partly(before, { legacy: misses, modern: misses }))
  const misses = { legacy: 3, modern: 3 }
  const whole = { ok: true, learned: counted(before, misses) }
  for (const _ of [3, 4]) assert.deepEqual(shown(await check()), whole, 'it is asked at leisure')
})

test('a list that changes and then always breaks off is doubted in the end, and one that gets on is not', async t => {
  const { check, script, before } = await known(t, MODERN_SCRIPT)
  script['tools/list'] = ({ params, result, response }) =>
    params['cursor'] === undefined
      ? result({ tools: [{ name: 'evil' }], nextCursor: 'two' })
      : response.destroy()
  const misses: Array<number | undefined> = []
  for (let count = 0; count < 8; count += 1) {
    const result = await check()
    assert.ok(result.ok && result.isPartial === true)
    const list = result.learned?.lists?.modern
    assert.equal(list?.digest, before.lists?.modern?.digest)
    misses.push(list?.misses)
  }
  assert.deepEqual(misses, [undefined, 1, 1, 2, 2, 3, 3, 3])
})

for (const [how, answer] of [
  ['keeps it from strangers', answering(401)],
  ['fails within', ({ error }: Asked) => error(200, -32_603)],
  ['knows no lists', ({ error }: Asked) => error(404, -32_601)],
  ['is cut', ({ response }: Asked) => void response.destroy()],
] as const)
  test(`of one that ${how} from the start no digest is known, and why`, async t => {
    const { check } = await checked(t, { ...BOTH, 'tools/list': answer })
    const result = await check()
    assert.ok(result.ok)
    for (const era of ['modern', 'legacy'] as const) {
      const list: KnownList = result.learned?.lists?.[era] ?? assert.fail('nothing is said')
      assert.equal(list.digest, undefined)
      assert.match(list.problem ?? '', /^tools\/list/)
    }
  })

test('429 on discover is alive, and no verdict on the era', async t => {
  const { check, script, before } = await known(t, BOTH)
  script['server/discover'] = answering(429)
  assert.deepEqual(await check(false), { ok: true })
  assert.deepEqual(shown(await check()), partly(before, { modern: 1 }))
  script['initialize'] = answering(429)
  assert.deepEqual(shown(await check()), partly(before, { legacy: 1, modern: 2 }))
})

test('408 on discover is a failure and no verdict on the era', async t => {
  const { check, script } = await known(t, BOTH)
  script['server/discover'] = answering(408)
  for (const isDeep of [true, false])
    assert.deepEqual(await check(isDeep), {
      ok: false,
      reason: 'server/discover answered 408',
      isRefused: false,
    })
})

test('a busy legacy replica is alive', async t => {
  const { check, script, before } = await known(t, legacyScript('s-1'))
  script['ping'] = answering(429)
  assert.deepEqual(await check(false), { ok: true })
  script['initialize'] = answering(429)
  assert.deepEqual(await check(false), { ok: true })
  assert.deepEqual(shown(await check()), partly(before, { legacy: 1 }))
})

test('a legacy replica that hangs is not alive for being known', async t => {
  const { check, script } = await known(t, legacyScript('s-1'))
  script['initialize'] = silent
  assert.equal((await check()).ok, false)
  script['initialize'] = answering(503)
  assert.deepEqual(await check(), {
    ok: false,
    reason: 'initialize answered 503',
    isRefused: false,
  })
})

test('one that answers 429 before anything is known of it is not routed to, and the reason says so', async t => {
  const { check } = await checked(t, { 'server/discover': answering(429) })
  const result = await check()
  assert.ok(!result.ok)
  assert.match(result.reason, /answers 429.*era cannot be found out yet/)
})

test('where a plain path proves life, tools that were known stand while MCP is silent', async t => {
  const health = { ...HEALTH, timeoutMs: 300, path: '/healthz' }
  const script: Record<string, Answer> = { ...MODERN_SCRIPT, GET: answering(200) }
  const { check, endpoint } = await checked(t, script, { health, eras: ['modern'] })
  await check()
  const before = endpoint.learned ?? assert.fail('nothing was learned')
  script['server/discover'] = silent
  assert.deepEqual(shown(await check()), partly(before, { modern: 1 }))
})

test('a list that says the same again is the one that is held already', async t => {
  const { check, endpoint } = await checked(t, MODERN_SCRIPT)
  await check()
  const before = endpoint.learned ?? assert.fail('nothing was learned')
  await check()
  assert.notEqual(endpoint.learned, before)
  assert.equal(endpoint.learned?.tools, before.tools)
})

test('a server that is said to be modern alone, and is, is asked nothing of the other era', async t => {
  const { check, replica, endpoint } = await checked(t, MODERN_SCRIPT, { eras: ['modern'] })
  assert.equal((await check()).ok, true)
  assert.deepEqual(endpoint.learned?.eras, ['modern'])
  assert.ok(!replica.methods().includes('initialize'))
})
