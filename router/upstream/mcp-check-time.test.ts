// How long a check may take in all, against real servers on a clock that only the test moves: each answer costs what the test says.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Learned } from '#router/clusters/endpoint.ts'
import { type Checked, checked } from '#test/support/checked-replica.ts'
import { HEALTH } from '#test/support/cluster-policy.ts'
import {
  type Asked,
  legacyScript,
  MODERN_SCRIPT,
  type Script,
} from '#test/support/small-replica.ts'
import { toolsNamed } from '#test/support/tools-named.ts'

/** Of the test's own time; so long that a busy machine's is never over before. */
const TIMEOUT_MS = 3_000

type Answer = (asked: Asked) => void

interface Slow extends Checked {
  /** Milliseconds that each answer takes. */
  costMs: number
  readonly spentMs: () => number
}

async function slow(t: TestContext, script: Script): Promise<Slow> {
  let nowMs = 1_000
  let beganMs = nowMs
  const costing = (answer: Answer): Answer => {
    return asked => {
      nowMs += scene.costMs
      answer(asked)
    }
  }
  const costly = Object.entries(script).map(([method, answer]) => [method, costing(answer)])
  const one = await checked(t, Object.fromEntries(costly) as Script, {
    clock: { nowMs: () => nowMs, wallMs: () => 0 },
    health: { ...HEALTH, timeoutMs: TIMEOUT_MS },
  })
  const scene: Slow = {
    ...one,
    costMs: 0,
    check: isDeep => {
      beganMs = nowMs
      return one.check(isDeep)
    },
    spentMs: () => nowMs - beganMs,
  }
  return scene
}

/** Pages `0` to `count - 1`, each with one tool of its number. */
const paged =
  (count: number): Answer =>
  ({ params, result }) => {
    const page = Number(params['cursor'] ?? 0)
    result({
      tools: [{ name: `t${page}` }],
      ...(page + 1 < count ? { nextCursor: String(page + 1) } : {}),
    })
  }

const names = (count: number): Learned['tools'] =>
  toolsNamed(...Array.from({ length: count }, (_, page) => `t${page}`))

for (const [era, script] of [
  ['modern', MODERN_SCRIPT],
  ['legacy', legacyScript('s-1')],
] as const) {
  test(`a long list of a slow ${era} replica is read over several checks, each within three times the limit`, async t => {
    const scene = await slow(t, { ...script, 'tools/list': paged(12) })
    scene.costMs = 1_200
    const first = await scene.check()
    assert.ok(first.ok && first.isPartial === true)
    assert.ok((first.learned?.tools.size ?? 0) > 0)
    assert.ok(scene.spentMs() <= 3 * TIMEOUT_MS + 2 * scene.costMs, `${scene.spentMs()} ms`)
    for (let count = 0; count < 5; count += 1) {
      const next = await scene.check()
      if (next.ok && next.isPartial !== true) break
    }
    assert.deepEqual(scene.endpoint.learned?.tools, names(12))
    const asked = scene.replica.asked.filter(({ method }) => method === 'tools/list')
    assert.equal(asked.length, 12) // no page twice
    assert.equal(scene.replica.sessions.size, 0)
  })
}

test('of a slow replica of both eras both long lists are read in the end, neither in the time of the other', async t => {
  const script = { ...legacyScript('s-1'), ...MODERN_SCRIPT, 'tools/list': paged(12) }
  const scene = await slow(t, script)
  scene.costMs = 1_200
  const digests = new Set<string | undefined>()
  for (let count = 0; count < 8; count += 1) {
    await scene.check()
    assert.ok(scene.spentMs() <= 5 * TIMEOUT_MS + 3 * scene.costMs, `${scene.spentMs()} ms`)
    const { modern, legacy } = scene.endpoint.learned?.lists ?? {}
    assert.deepEqual([modern?.misses, legacy?.misses], [undefined, undefined])
    if (modern?.digest !== undefined && legacy?.digest !== undefined) digests.add(modern.digest)
  }
  assert.equal(digests.size, 1)
  assert.equal(scene.replica.sessions.size, 0)
})

test('a list that goes on where it was cut forgets, once it is whole, what is no longer in it', async t => {
  const script = { ...MODERN_SCRIPT, 'tools/list': paged(8) }
  const scene = await slow(t, script)
  scene.endpoint.learned = { eras: ['modern'], isSessionful: false, tools: toolsNamed('gone') }
  scene.costMs = 1_500
  await scene.check()
  assert.ok(scene.endpoint.learned.tools.has('gone'))
  await scene.check()
  await scene.check()
  assert.deepEqual(scene.endpoint.learned.tools, names(8))
})

test('a check that only proves life takes no longer than the limit, however many questions it needs', async t => {
  const scene = await slow(t, legacyScript('s-1'))
  await scene.check()
  scene.costMs = 1_600
  const before = scene.replica.asked.length
  assert.deepEqual(await scene.check(false), {
    ok: false,
    reason: 'the check was not done within 3000 ms',
    isRefused: false,
  })
  assert.ok(!scene.replica.methods().slice(before).includes('ping'))
})

test('the session of a check that ran out of time is ended all the same', async t => {
  const ended = Promise.withResolvers<void>()
  const scene = await slow(t, {
    ...legacyScript('s-1'),
    DELETE: ({ status }) => {
      status(200)
      ended.resolve()
    },
  })
  scene.endpoint.learned = { eras: ['legacy'], isSessionful: true, tools: toolsNamed() }
  scene.costMs = 2 * TIMEOUT_MS
  assert.equal((await scene.check(false)).ok, false)
  await ended.promise
  assert.equal(scene.replica.sessions.size, 0)
})

test('a question that the rest of the time does not suffice for is told by the limit of the check', async t => {
  const scene = await slow(t, { ...legacyScript('s-1'), ping: () => undefined })
  scene.endpoint.learned = { eras: ['legacy'], isSessionful: true, tools: toolsNamed() }
  scene.costMs = 1_000
  assert.deepEqual(await scene.check(false), {
    ok: false,
    reason: 'the check was not done within 3000 ms',
    isRefused: false,
  })
  assert.ok(scene.replica.methods().includes('ping'))
})

test('a modern replica that has become a legacy one is learned within the time for learning', async t => {
  const scene = await slow(t, legacyScript('s-1'))
  scene.endpoint.learned = { eras: ['modern'], isSessionful: false, tools: toolsNamed() }
  scene.costMs = 1_200
  const result = await scene.check(false)
  assert.ok(result.ok)
  assert.deepEqual(result.learned?.eras, ['legacy'])
})
