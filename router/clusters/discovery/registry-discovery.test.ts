// How the registry file is followed on a real disk: replaced, spoilt, taken away with its folder, brought back.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { manualTime } from '#test/support/manual-time.ts'
import { sentenceLog, snapshotLog } from '#test/support/snapshots.ts'
import type { Snapshot } from './instance.ts'
import { createRegistryDiscovery } from './registry-discovery.ts'
import { createRegistryTexts } from './registry-texts.ts'

const textOf = (...ids: readonly string[]) =>
  `services:\n  s:\n${ids.map((id, position) => `    - { id: ${id}, address: h, port: ${position + 1} }\n`).join('')}`
const shown = ({ instances }: Pick<Snapshot, 'instances'>) =>
  instances.map(({ key }) => key).join(' ')

async function rig(t: TestContext, isThere = true) {
  const root = await mkdtemp(join(tmpdir(), 'ringmain-registry-'))
  const folder = join(root, 'conf')
  const file = join(folder, 'registry.yaml')
  if (isThere) {
    await mkdir(folder)
    await writeFile(file, textOf('a'))
  }
  const time = manualTime()
  const seen = snapshotLog()
  const discovery = createRegistryDiscovery(
    { file, service: 's', texts: createRegistryTexts() },
    { ...time, log: sentenceLog() },
  )
  discovery.start(seen.publish)
  t.after(async () => {
    await discovery.close()
    await rm(root, { recursive: true })
  })
  /** The watch has told; the debounce is under way. Time is moved over it. */
  const settleChange = async () => {
    await time.untilWaiting(ms => ms === 75)
    await time.advance(75)
  }
  const untilIdle = () => time.untilWaiting(ms => ms === 5_000)
  return { root, folder, file, time, seen, discovery, settleChange, untilIdle }
}

test('a file replaced by another of its name is read', async t => {
  const { file, seen, settleChange, untilIdle } = await rig(t)
  await seen.until(set => shown(set) === 'a')
  await untilIdle()
  await writeFile(`${file}.new`, textOf('a', 'b'))
  await rename(`${file}.new`, file)
  await settleChange()
  await seen.until(set => shown(set) === 'a b')
})

test('a link that is swapped, as a mounted configuration does, is followed', async t => {
  const { folder, file, seen, settleChange, untilIdle, time } = await rig(t)
  await seen.until(set => shown(set) === 'a')
  await untilIdle()
  for (const [version, ids] of [
    ['v1', ['b']],
    ['v2', ['c']],
  ] as const) {
    await mkdir(join(folder, version))
    await writeFile(join(folder, version, 'registry.yaml'), textOf(...ids))
    await symlink(version, join(folder, '..new'))
    await rename(join(folder, '..new'), join(folder, '..data'))
    if (version === 'v1') {
      await symlink('..data/registry.yaml', `${file}.new`)
      await rename(`${file}.new`, file)
    }
    await settleChange()
    await seen.until(set => shown(set) === ids[0])
    await untilIdle()
  }
  assert.deepEqual(time.waits(), [5_000])
})

test('bad content keeps the last set and names file, line and what to do; good content clears it', async t => {
  const { file, seen, discovery, settleChange, untilIdle } = await rig(t)
  await seen.until(set => shown(set) === 'a')
  await untilIdle()
  await writeFile(file, 'services:\n  s:\n    - { id: a, adress: h, port: 1 }\n')
  await settleChange()
  await untilIdle()
  const { problem, failuresInRow } = discovery.status()
  assert.match(
    problem ?? '',
    /conf\/registry\.yaml cannot be used: line 3: .*adress: unknown key.*Correct it/,
  )
  assert.deepEqual([failuresInRow, seen.all.length], [1, 1])
  await writeFile(file, textOf('b'))
  await settleChange()
  await seen.until(set => shown(set) === 'b')
  assert.equal(discovery.status().problem, undefined)
})

test('a file that is not there yet is a problem, and is found by the slow look', async t => {
  const { folder, file, time, seen, discovery, untilIdle } = await rig(t, false)
  await untilIdle()
  assert.match(discovery.status().problem ?? '', /it does not exist/)
  assert.deepEqual([seen.all.length, discovery.status().isSynced], [0, false])
  await mkdir(folder)
  await writeFile(file, textOf('a'))
  await time.advance(5_000)
  await seen.until(set => shown(set) === 'a')
})

test('a folder that is taken away keeps the last set; one that comes back is watched again', async t => {
  const { folder, file, time, seen, discovery, settleChange, untilIdle } = await rig(t)
  await seen.until(set => shown(set) === 'a')
  await untilIdle()
  await rm(folder, { recursive: true })
  await settleChange()
  await untilIdle()
  assert.match(discovery.status().problem ?? '', /it does not exist/)
  assert.equal(shown({ instances: seen.newest() }), 'a')
  await mkdir(folder)
  await writeFile(file, textOf('b'))
  await time.advance(5_000)
  await seen.until(set => shown(set) === 'b')
  await untilIdle()
  await writeFile(file, textOf('c'))
  await settleChange()
  await seen.until(set => shown(set) === 'c')
})

test('other files in the folder wake nobody', async t => {
  const { folder, file, seen, settleChange, untilIdle, time } = await rig(t)
  await seen.until(set => shown(set) === 'a')
  await untilIdle()
  await writeFile(join(folder, 'log.txt'), 'x')
  assert.deepEqual(time.waits(), [5_000])
  await writeFile(file, textOf('b'))
  await settleChange()
  await seen.until(set => shown(set) === 'b')
})
