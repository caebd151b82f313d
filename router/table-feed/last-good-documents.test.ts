// The last good documents on disk: written whole, read with every field checked, never those of another folder.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openLastGoodDocuments } from './last-good-documents.ts'

const FILES = [{ file: '/p/a.yaml', text: 'kind: Cluster\n' }]

function ground(t: TestContext) {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'last-good-documents-'))
  t.after(() => rmSync(stateDirectory, { recursive: true, force: true }))
  const warnings: string[] = []
  const log = { info: () => undefined, warn: (_: object, says: string) => void warnings.push(says) }
  const file = join(stateDirectory, 'table', 'last-good.json')
  const open = (directory = '/p') => openLastGoodDocuments({ stateDirectory, directory, log })
  const write = (text: string): void => {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return { file, open, write, warnings }
}

test('what was saved is read by the next, and only its owner may read the file', async t => {
  const { open, file } = ground(t)
  const first = open()
  assert.equal(await first.read(), undefined)
  first.save({ files: FILES, asOfMs: 1_000 })
  await first.close()
  assert.deepEqual(await open().read(), { files: FILES, asOfMs: 1_000 })
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('documents of another folder are not read, and that is no fault', async t => {
  const { open, warnings } = ground(t)
  const first = open()
  first.save({ files: FILES, asOfMs: 1_000 })
  await first.close()
  assert.equal(await open('/other').read(), undefined)
  assert.deepEqual(warnings, [])
})

test('of many only the newest is written, and what has not changed is written anew after five minutes', async t => {
  const { open, file } = ground(t)
  const documents = open()
  const written = async (): Promise<unknown> => {
    await documents.close()
    return (JSON.parse(readFileSync(file, 'utf8')) as { asOfMs: unknown }).asOfMs
  }
  documents.save({ files: FILES, asOfMs: 1_000 })
  documents.save({ files: FILES, asOfMs: 2_000 })
  assert.equal(await written(), 1_000)
  documents.save({ files: FILES, asOfMs: 301_001 })
  assert.equal(await written(), 301_001)
  documents.save({ files: [...FILES], asOfMs: 301_002 })
  assert.equal(await written(), 301_002)
})

test('a file that is none of ours is ignored in words', async t => {
  const { open, write, warnings } = ground(t)
  for (const text of [
    '{"version":1,"directory":"/p","asOfMs":1,"files":[{"fi',
    '[]',
    '{"version":2,"directory":"/p","asOfMs":1,"files":[]}',
    '{"version":1,"directory":"/p","files":[]}',
    '{"version":1,"directory":"/p","asOfMs":1,"files":[{"file":"x"}]}',
  ]) {
    write(text)
    assert.equal(await open().read(), undefined)
  }
  assert.equal(warnings.length, 5)
})

test('a folder that cannot be written to is told, and stops nobody', async t => {
  const { open, file, warnings } = ground(t)
  writeFileSync(dirname(file), 'a file stands where the folder should be')
  const documents = open()
  documents.save({ files: FILES, asOfMs: 1 })
  await documents.close()
  assert.match(warnings.join(), /cannot be written/)
})
