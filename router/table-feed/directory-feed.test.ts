// The feed on real folders, without real time: what is published, what is kept, and what is said meanwhile.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { systemClock } from '#foundation/clock.ts'
import type { RouteTable } from '#routes/route-table.ts'
import { openDirectoryFeed, PolicyProblems } from './directory-feed.ts'
import type { LastGoodDocuments, SavedDocuments } from './last-good-documents.ts'

const cluster = (name: string) => `apiVersion: ringmain.dev/v1
kind: Cluster
metadata: { name: ${name} }
spec: { discovery: { registry: { file: ../registry.yaml, service: mcp } } }
`

function folder(context: TestContext): string {
  context.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const parent = mkdtempSync(join(tmpdir(), 'directory-feed-'))
  context.after(() => rmSync(parent, { recursive: true, force: true }))
  const directory = join(parent, 'policies')
  mkdirSync(directory)
  return directory
}

/** Keeps in memory what would be on disk. */
function memory(saved?: SavedDocuments) {
  const state = { saved }
  const lastGood: LastGoodDocuments = {
    read: () => Promise.resolve(state.saved),
    save: documents => void (state.saved = documents),
    close: () => Promise.resolve(),
  }
  return { state, lastGood }
}

async function start(context: TestContext, saved?: SavedDocuments) {
  const directory = folder(context)
  if (saved === undefined) writeFileSync(join(directory, 'a.yaml'), cluster('first'))
  const time = { wallMs: 1_000_000 }
  const { state, lastGood } = memory(saved)
  const tables: RouteTable[] = []
  const problems: number[] = []
  const feed = await openDirectoryFeed({
    directory,
    clock: { nowMs: () => 0, wallMs: () => time.wallMs },
    lastGood,
    onTable: table => void tables.push(table),
    onProblem: found => problems.push(found?.length ?? 0),
  })
  context.after(() => feed.close())
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await pass(1)
  }
  /** Time and the file system go on for a while: longer than a poll, which sees whatever was missed. */
  const pass = async (turns = 60) => {
    for (let index = 0; index < turns; index += 1) {
      await turn()
      context.mock.timers.tick(100)
    }
  }
  const names = () => Object.keys(feed.table.clusters).join()
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text)
  return { directory, feed, tables, problems, until, pass, names, write, time, state }
}

const options = { timeout: 20_000 }

test(
  'the first table is given, with registry paths taken from the folder',
  options,
  async context => {
    const { directory, feed, tables } = await start(context)
    const discovery = feed.table.clusters['first']?.discovery
    assert.ok(discovery?.kind === 'registry')
    assert.equal(discovery.file, join(directory, '../registry.yaml'))
    assert.deepEqual([feed.problem(), tables.length], [undefined, 0])
  },
)

test('a folder that makes no table rejects with every problem', options, async context => {
  const directory = folder(context)
  const open = () =>
    openDirectoryFeed({
      directory,
      clock: systemClock,
      lastGood: memory().lastGood,
      onTable: () => {},
    })
  await assert.rejects(open(), /policies:1:1 {2}no policy documents in this folder/)
  writeFileSync(join(directory, 'a.yaml'), 'kind: Clster\n')
  writeFileSync(join(directory, 'b.yaml'), 'a: [\n')
  await assert.rejects(open(), (error: unknown) => {
    assert.ok(error instanceof PolicyProblems)
    assert.ok(error.problems.length >= 2)
    assert.match(error.message, /a\.yaml:1:7 {2}kind: .*did you mean "Cluster"/)
    return true
  })
})

test('an edit publishes a new table once', options, async context => {
  const { feed, tables, until, pass, names, write } = await start(context)
  const before = feed.table.version
  write('a.yaml', cluster('second'))
  await until(() => names() === 'second')
  await pass()
  assert.equal(tables.length, 1)
  assert.notEqual(feed.table.version, before)
})

test('a file that is added, replaced as editors do, or removed counts', options, async context => {
  const { directory, until, names, write } = await start(context)
  write('b.yaml', cluster('other'))
  await until(() => names() === 'first,other')
  write('.b.yaml.new', cluster('newer'))
  renameSync(join(directory, '.b.yaml.new'), join(directory, 'b.yaml'))
  await until(() => names() === 'first,newer')
  rmSync(join(directory, 'b.yaml'))
  await until(() => names() === 'first')
})

test('a bad edit keeps the old table and says so until it is mended', options, async context => {
  const { feed, tables, problems, until, names, write } = await start(context)
  const table = feed.table
  write('a.yaml', `${cluster('first')}labels: {}\n`)
  await until(() => feed.problem() !== undefined)
  assert.match(feed.problem() ?? '', /a\.yaml:5:1 {2}labels: unknown key/)
  assert.equal(feed.table, table)
  write('a.yaml', cluster('first'))
  await until(() => feed.problem() === undefined)
  assert.deepEqual(problems.at(-1), 0)
  assert.deepEqual([tables.length, names()], [0, 'first'])
})

test('content that means the same publishes nothing', options, async context => {
  const { tables, problems, pass, write } = await start(context)
  write('a.yaml', `# With a comment.\n${cluster('first')}`)
  await pass()
  assert.deepEqual([tables.length, problems.length], [0, 0])
})

test('the folder may go and come back', options, async context => {
  const { directory, feed, until, names, write } = await start(context)
  rmSync(directory, { recursive: true })
  await until(() => feed.problem() !== undefined)
  assert.match(feed.problem() ?? '', /does not exist/)
  assert.equal(names(), 'first')
  mkdirSync(directory)
  write('b.yaml', cluster('back'))
  await until(() => names() === 'back')
  assert.equal(feed.problem(), undefined)
  write('b.yaml', cluster('again'))
  await until(() => names() === 'again')
})

test('nothing is published after close', options, async context => {
  const { feed, tables, problems, pass, write } = await start(context)
  write('a.yaml', cluster('second'))
  await feed.close()
  await pass()
  assert.deepEqual([tables.length, problems.length], [0, 0])
})

const SAVED = { files: [{ file: 'a.yaml', text: cluster('saved') }], asOfMs: 400_000 }

test(
  'a folder that makes no table starts with what it last held, and says so until it is mended',
  options,
  async context => {
    const { feed, names, write, until, tables, time } = await start(context, SAVED)
    assert.equal(names(), 'saved')
    assert.match(feed.problem() ?? '', /no policy documents in this folder/)
    assert.equal(feed.staleSinceMs(), 400_000)
    time.wallMs = 2_000_000
    write('a.yaml', cluster('mended'))
    await until(() => names() === 'mended')
    assert.deepEqual(
      [feed.problem(), feed.staleSinceMs(), tables.length],
      [undefined, undefined, 1],
    )
  },
)

test('saved documents that no longer compile start nothing', options, async context => {
  const broken = { files: [{ file: 'a.yaml', text: 'kind: Clster\n' }], asOfMs: 1 }
  await assert.rejects(start(context, broken), /no policy documents in this folder/)
})

test('what is in force is saved, a bad edit is not', options, async context => {
  const { feed, write, until, names, state, time, pass } = await start(context)
  const texts = () => state.saved?.files.map(({ text }) => text)
  assert.deepEqual(texts(), [cluster('first')])
  write('a.yaml', cluster('second'))
  await until(() => names() === 'second')
  assert.deepEqual(texts(), [cluster('second')])
  time.wallMs = 1_500_000
  await until(() => state.saved?.asOfMs === 1_500_000) // confirmed by a look at the folder
  write('a.yaml', 'kind: Clster\n')
  await until(() => feed.problem() !== undefined)
  time.wallMs = 1_600_000
  await pass()
  assert.deepEqual(texts(), [cluster('second')])
  assert.deepEqual([state.saved?.asOfMs, feed.staleSinceMs()], [1_500_000, 1_500_000])
})
