// The set on disk: what survives a restart, and what is ignored with a reason.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { manualTime } from '#test/support/manual-time.ts'
import { sentenceLog } from '#test/support/snapshots.ts'
import type { Instance } from './instance.ts'
import { openLastGood } from './last-good.ts'

const full: Instance = {
  key: 'n/a',
  host: '::1',
  port: 9_000,
  tls: true,
  path: '/mcp',
  weight: 7,
  state: 'down',
  reason: 'maintenance',
  zone: 'z',
  concurrency: 32,
  eras: ['modern'],
  isHeld: true,
}

async function rig(t: TestContext) {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'ringmain-last-good-'))
  t.after(() => rm(stateDirectory, { recursive: true }))
  const time = manualTime()
  const log = sentenceLog()
  const source = {
    stateDirectory,
    kind: 'consul',
    service: 'mcp-a',
    scope: '',
    clock: time.clock,
    log,
  }
  const file = join(stateDirectory, 'discovery', 'consul-mcp-a.json')
  return { source, time, log, file, open: (more = {}) => openLastGood({ ...source, ...more }) }
}

test('a saved set is read back whole, held instances and all', async t => {
  const { open, time, file } = await rig(t)
  const disk = open()
  assert.equal(await disk.read(), undefined)
  disk.save({ instances: [full], asOfMs: time.clock.wallMs() })
  await disk.close()
  assert.deepEqual(await open().read(), { instances: [full], asOfMs: time.clock.wallMs() })
  assert.ok((await readFile(file, 'utf8')).startsWith('{"version":1'))
})

test('saves that come while one is written are coalesced, the newest wins, no draft is left', async t => {
  const { open, time, file } = await rig(t)
  const disk = open()
  for (let weight = 1; weight <= 200; weight += 1)
    disk.save({ instances: [{ ...full, weight }], asOfMs: time.clock.wallMs() })
  await disk.close()
  assert.equal((await open().read())?.instances[0]?.weight, 200)
  assert.deepEqual(await readdir(join(file, '..')), ['consul-mcp-a.json'])
})

test('an unchanged set is written again only when its stamp has grown old', async t => {
  const { open, time, file } = await rig(t)
  const disk = open()
  const save = async () => {
    disk.save({ instances: [full], asOfMs: time.clock.wallMs() })
    await disk.close()
    return (JSON.parse(await readFile(file, 'utf8')) as { asOfMs: number }).asOfMs
  }
  const first = await save()
  await time.advance(1_000)
  assert.equal(await save(), first)
  await time.advance(300_000)
  assert.equal(await save(), time.clock.wallMs())
})

test('a set older than 72 hours is ignored, and said so', async t => {
  const { open, time, log } = await rig(t)
  const disk = open()
  disk.save({ instances: [full], asOfMs: time.clock.wallMs() })
  await disk.close()
  await time.advance(72 * 3_600_000)
  assert.notEqual(await open().read(), undefined)
  await time.advance(1)
  assert.equal(await open().read(), undefined)
  assert.match(log.sentences[0] ?? '', /older than 72 hours/)
})

test('sets of one service under different filters stand side by side and are never mixed up', async t => {
  const { open, time } = await rig(t)
  const scopes = ['', 'Service.Meta.class == "public"', 'Service.Meta.class == "restricted"']
  assert.equal(await open({ scope: 'another' }).read(), undefined)
  for (const scope of scopes) {
    const disk = open({ scope })
    disk.save({ instances: [{ ...full, key: `of ${scope}` }], asOfMs: time.clock.wallMs() })
    await disk.close()
  }
  for (const scope of scopes)
    assert.equal((await open({ scope }).read())?.instances[0]?.key, `of ${scope}`)
  assert.equal(await open({ scope: 'another' }).read(), undefined)
})

test('a name that is no file name stays inside the folder, and apart from its look-alikes', async t => {
  const { open, time, source } = await rig(t)
  for (const service of ['../../etc/x', 'a/b', 'a_b']) {
    const disk = open({ service })
    disk.save({ instances: [{ ...full, key: service }], asOfMs: time.clock.wallMs() })
    await disk.close()
  }
  assert.equal((await readdir(join(source.stateDirectory, 'discovery'))).length, 3)
  assert.equal((await open({ service: 'a/b' }).read())?.instances[0]?.key, 'a/b')
})

test('a file that is damaged, foreign or odd is ignored with a sentence, never an error', async t => {
  const { open, file, log, time } = await rig(t)
  const identity = JSON.stringify(['consul', 'mcp-a', ''])
  const set = (instance: object, more: object = {}) =>
    JSON.stringify({
      version: 1,
      identity,
      asOfMs: time.clock.wallMs(),
      instances: [instance],
      ...more,
    })
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, set(full))
  assert.notEqual(await open().read(), undefined, 'the undamaged file is read')
  const damaged = [
    '',
    '{"version":1',
    '[]',
    'null',
    set(full, { version: 2 }),
    set(full, { identity: 'another' }),
    set(full, { asOfMs: 'now' }),
    set(full, { instances: {} }),
    set({ ...full, key: '' }),
    set({ ...full, host: 5 }),
    set({ ...full, port: 0 }),
    set({ ...full, weight: 1.5 }),
    set({ ...full, state: 'odd' }),
    set({ ...full, eras: ['odd'] }),
    set([full]),
  ]
  for (const text of damaged) {
    await writeFile(file, text)
    assert.equal(await open().read(), undefined, text)
  }
  assert.equal(log.sentences.length, damaged.length)
})

test('a folder that cannot be written is said, and the set is tried again at the next change', async t => {
  const { open, source, time, log } = await rig(t)
  await writeFile(join(source.stateDirectory, 'discovery'), 'a file where the folder should be')
  const disk = open()
  disk.save({ instances: [full], asOfMs: time.clock.wallMs() })
  await disk.close()
  assert.match(log.sentences[0] ?? '', /cannot be written/)
  await rm(join(source.stateDirectory, 'discovery'))
  disk.save({ instances: [full], asOfMs: time.clock.wallMs() })
  await disk.close()
  assert.notEqual(await open().read(), undefined)
})
