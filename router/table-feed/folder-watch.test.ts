// Real folders and real events of the file system, but no real time: the clock moves only when the test moves it.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type Hint, watchFolder } from './folder-watch.ts'

function start(context: TestContext) {
  const { timers } = context.mock
  timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const parent = mkdtempSync(join(tmpdir(), 'folder-watch-'))
  const directory = join(parent, 'policies')
  mkdirSync(directory)
  const hints: Hint[] = []
  const watching = watchFolder(directory, hint => hints.push(hint))
  context.after(() => {
    watching.close()
    rmSync(parent, { recursive: true, force: true })
  })
  /** Lets the file system speak, and time pass, until a hint of that kind has come. */
  const hinted = async (kind: Hint) => {
    hints.length = 0
    while (!hints.includes(kind)) {
      await turn()
      timers.tick(100)
    }
  }
  return { directory, hints, hinted, watching, timers }
}

const options = { timeout: 20_000 }

test('what was written before the watch began is hinted at', options, async context => {
  const { hinted } = start(context)
  await hinted('event')
})

test(
  'a file that is written, replaced as editors do, or removed is an event',
  options,
  async context => {
    const { directory, hinted } = start(context)
    await hinted('event')
    writeFileSync(join(directory, 'a.yaml'), 'a: 1\n')
    await hinted('event')
    writeFileSync(join(directory, '.a.yaml.new'), 'a: 2\n')
    renameSync(join(directory, '.a.yaml.new'), join(directory, 'a.yaml'))
    await hinted('event')
    rmSync(join(directory, 'a.yaml'))
    await hinted('event')
  },
)

test('a folder that is removed and made again is watched again', options, async context => {
  const { directory, hinted } = start(context)
  await hinted('event')
  rmSync(directory, { recursive: true })
  await hinted('event')
  mkdirSync(directory)
  await hinted('event')
  writeFileSync(join(directory, 'a.yaml'), 'a: 1\n')
  await hinted('event')
})

test('a folder that is swapped for another is watched in its new place', options, async context => {
  const { directory, hinted } = start(context)
  await hinted('event')
  renameSync(directory, `${directory}.old`)
  mkdirSync(directory)
  await hinted('event')
  writeFileSync(join(directory, 'a.yaml'), 'a: 1\n')
  await hinted('event')
})

test(
  'a poll comes even when nothing happens, and nothing comes after close',
  options,
  async context => {
    const { hints, hinted, watching, timers, directory } = start(context)
    await hinted('poll')
    watching.close()
    hints.length = 0
    writeFileSync(join(directory, 'a.yaml'), 'a: 1\n')
    for (let turns = 0; turns < 20; turns += 1) {
      await turn()
      timers.tick(1_000)
    }
    assert.deepEqual(hints, [])
  },
)

test('a burst of events is one hint', options, async context => {
  const { directory, hinted, hints, timers } = start(context)
  await hinted('event')
  hints.length = 0
  for (let index = 0; index < 20; index += 1) {
    writeFileSync(join(directory, `${index}.yaml`), 'a: 1\n')
    await turn()
    timers.tick(99) // Never as long as it takes to settle.
  }
  const isEvent = (hint: Hint) => hint === 'event'
  assert.ok(hints.filter(isEvent).length <= 1, 'the burst was not waited for')
  await hinted('event')
})
