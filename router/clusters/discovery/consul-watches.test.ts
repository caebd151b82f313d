// What the watches of one router share, how many there may be, and what becomes of a defect in one of them.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { startFakeConsul } from '#test/support/fake-consul.ts'
import { sentenceLog } from '#test/support/snapshots.ts'
import { createConsulAccess } from './consul-access.ts'
import { createConsulWatches, MOST_WATCHES, type WatchSink } from './consul-watches.ts'
import { systemWait } from './ports.ts'

async function rig(t: TestContext) {
  const fake = await startFakeConsul()
  const log = sentenceLog()
  const clock = { nowMs: () => performance.now(), wallMs: () => Date.now() }
  const watches = createConsulWatches(createConsulAccess({ agents: [fake.url] }, log), {
    log,
    clock,
    random: () => 0,
    wait: systemWait,
  })
  t.after(async () => {
    await watches.close()
    await fake.close()
  })
  return { fake, watches, log }
}

function listener() {
  const heard = Promise.withResolvers<number>()
  const failed = Promise.withResolvers<string>()
  const sink: WatchSink = {
    accept(instances) {
      heard.resolve(instances.length)
      return true
    },
    fail: failed.resolve,
  }
  return { sink, heard: heard.promise, failed: failed.promise }
}

test('two who ask the same share one watch; who comes later is told at once; the last to leave ends it', async t => {
  const { fake, watches } = await rig(t)
  fake.register('a', { id: 'one', port: 9_001 })
  const [first, second] = [listener(), listener()]
  const one = watches.watch({ service: 'a' }, first.sink)
  assert.equal(await first.heard, 1)
  const asked = fake.requests.length > 1 ? undefined : fake.nextRequest()
  await asked
  const other = watches.watch({ service: 'a' }, second.sink)
  assert.equal(await second.heard, 1)
  await one.close()
  assert.equal(fake.requests.length, 2, 'a plain read and one that hangs')
  await other.close()
})

/** Not a wait without end for what was refused. */
const refused = (problem: string): never => assert.fail(problem)

test('another filter or datacenter is another question', async t => {
  const { fake, watches } = await rig(t)
  const questions = [
    { service: 'a' },
    { service: 'a', filter: 'x' },
    { service: 'a', datacenter: 'dc2' },
  ]
  const listeners = questions.map(() => listener())
  questions.forEach((question, place) =>
    watches.watch(question, (listeners[place] as (typeof listeners)[number]).sink),
  )
  await Promise.all(
    listeners.map(({ heard, failed }) => Promise.race([heard, failed.then(refused)])),
  )
  const searches = new Set(
    fake.requests.filter(({ index }) => index === null).map(({ url }) => url.search),
  )
  assert.equal(searches.size, 3)
})

test('more watches than an agent bears are refused with a sentence, and begin when one leaves', async t => {
  const { watches } = await rig(t)
  const all = Array.from({ length: MOST_WATCHES }, (_, number) => ({
    number,
    ...listener(),
  }))
  const open = all.map(({ number, sink }) => watches.watch({ service: `s${number}` }, sink))
  const late = listener()
  watches.watch({ service: 'late' }, late.sink)
  assert.match(await late.failed, /watches 150 questions.*does not watch late/)
  await Promise.all(all.map(({ heard }) => heard))
  await open[0]?.close()
  assert.equal(await late.heard, 0)
})

test('a sink that throws is a defect: it is told, counted, and the watch goes on', async t => {
  const { fake, watches, log } = await rig(t)
  fake.register('a', { id: 'one', port: 9_001 })
  const again = Promise.withResolvers<void>()
  let count = 0
  const watch = watches.watch(
    { service: 'a' },
    {
      accept() {
        count += 1
        if (count === 1) throw new Error('planted')
        again.resolve()
        return true
      },
      fail: () => undefined,
    },
  )
  await again.promise
  assert.equal(watch.facts().defects, 1)
  assert.match(log.sentences.join('\n'), /broke by our own fault/)
})
