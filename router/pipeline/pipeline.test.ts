// The kit's promises: order, one answer, settle in reverse and only for what passed, defects caught once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { path } from './pipeline.ts'
import { answer, go, refuse, type Stage } from './stage.ts'

const noted = (
  log: string[],
  name: string,
  verdict: () => ReturnType<Stage<string, object>['decide']>,
): Stage<string, object> => ({
  name,
  decide: () => {
    log.push(`decide ${name}`)
    return verdict()
  },
  settle: () => void log.push(`settle ${name}`),
})

const quiet = { settleFailed: () => undefined }

test('stages decide in the order written and settle in reverse, after the response', async () => {
  const log: string[] = []
  const run = path<string, object>()
    .stage(noted(log, 'a', () => go({})))
    .stage(noted(log, 'b', () => Promise.resolve(go({}))))
    .stage(noted(log, 'c', () => answer('done')))
    .respond(outcome => void log.push(`respond ${outcome.kind}`))
  const outcome = await run.run({}, quiet)
  assert.deepEqual(outcome, { kind: 'answered', answer: 'done', by: 'c' })
  assert.deepEqual(log, [
    'decide a',
    'decide b',
    'decide c',
    'respond answered',
    'settle b',
    'settle a',
  ])
})

test('a refusal settles only what had passed, and nothing after it runs', async () => {
  const log: string[] = []
  const run = path<string, object>()
    .stage(noted(log, 'a', () => go({})))
    .stage(noted(log, 'b', () => refuse('RINGMAIN_UNKNOWN_TOOL')))
    .stage(noted(log, 'c', () => answer('never')))
    .respond(() => undefined)
  const outcome = await run.run({}, quiet)
  assert.deepEqual(outcome, {
    kind: 'refused',
    refusal: { code: 'RINGMAIN_UNKNOWN_TOOL' },
    by: 'b',
  })
  assert.deepEqual(log, ['decide a', 'decide b', 'settle a'])
})

test('a throw is a defect that is answered, and gives back what was taken', async () => {
  const log: string[] = []
  const run = path<string, object>()
    .stage(noted(log, 'a', () => go({})))
    .stage(noted(log, 'b', () => assert.fail('a bug')))
    .respond(outcome => void log.push(`respond ${outcome.kind}`))
  const outcome = await run.run({}, quiet)
  assert.equal(outcome.kind, 'defect')
  assert.deepEqual(log, ['decide a', 'decide b', 'respond defect', 'settle a'])
})

test('one failing release does not keep the others from theirs, and is reported', async () => {
  const log: string[] = []
  const failed: string[] = []
  const broken: Stage<string, object> = {
    name: 'broken',
    decide: () => go({}),
    settle: () => assert.fail('stuck'),
  }
  await path<string, object>()
    .stage(noted(log, 'a', () => go({})))
    .stage(broken)
    .stage(noted(log, 'z', () => answer('x')))
    .respond(() => undefined)
    .run({}, { settleFailed: stage => void failed.push(stage) })
  assert.deepEqual(failed, ['broken'])
  assert.ok(log.includes('settle a'))
})

test('what is taken is held until the response has been written', async () => {
  const log: string[] = []
  const written = Promise.withResolvers<void>()
  const running = path<string, object>()
    .stage(noted(log, 'slot', () => go({})))
    .stage(noted(log, 'end', () => answer('x')))
    .respond(() => written.promise)
    .run({}, quiet)
  await Promise.resolve()
  assert.ok(!log.includes('settle slot'))
  written.resolve()
  await running
  assert.ok(log.includes('settle slot'))
})

test('a fork sends each call down its own list, with the facts of the common part', async () => {
  const seen: string[] = []
  const forked = path<string, { readonly want: 'left' | 'right' }>()
    .stage({ name: 'top', decide: () => go({ fact: 1 }) })
    .fork(call => call.want, {
      left: rest => rest.stage({ name: 'l', decide: call => answer(`left ${call.fact}`) }),
      right: rest => rest.stage({ name: 'r', decide: call => answer(`right ${call.fact}`) }),
    })
    .respond(outcome => void (outcome.kind === 'answered' && seen.push(outcome.answer)))
  await forked.run({ want: 'left' }, quiet)
  await forked.run({ want: 'right' }, quiet)
  assert.deepEqual(seen, ['left 1', 'right 1'])
  assert.deepEqual(forked.stages, ['top', 'left: l', 'right: r'])
})

test('a path on which nothing answers is a defect, not a silence', async () => {
  const outcome = await path<string, object>()
    .stage({ name: 'a', decide: () => go({}) })
    .respond(() => undefined)
    .run({}, quiet)
  assert.equal(outcome.kind, 'defect')
})

test('a stage before the fact it needs does not compile', () => {
  const needs: Stage<string, { readonly tool: string }> = {
    name: 'needs',
    decide: call => answer(call.tool),
  }
  // @ts-expect-error: nothing above has established `tool`.
  path<string, object>().stage(needs)
  path<string, object>()
    .stage({ name: 'adds', decide: () => go({ tool: 'x' }) })
    .stage(needs)
})
