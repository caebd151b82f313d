// A folder is read whole or complained about: a document that is silently left out would withdraw its policy.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { listPolicyFolder, readPolicyFolder } from './read-policy-folder.ts'

function folder(context: TestContext, files: Readonly<Record<string, string | Uint8Array>> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'policy-folder-'))
  context.after(() => rmSync(directory, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  return directory
}

test('documents are read in the order of their names, other files are left alone', async context => {
  const directory = folder(context, {
    'b.yml': 'b: 1\n',
    'a.yaml': '\ufeffa: 1\n',
    'C.YAML': 'c: 1\n',
    '.hidden.yaml': 'x: 1\n',
    'notes.txt': 'x',
    'a.yaml~': 'x: 1\n',
  })
  mkdirSync(join(directory, 'inside.yaml'))
  const { files, problems } = await readPolicyFolder(directory)
  assert.deepEqual(
    files.map(({ file, text }) => [basename(file), text]),
    [
      ['C.YAML', 'c: 1\n'],
      ['a.yaml', 'a: 1\n'],
      ['b.yml', 'b: 1\n'],
    ],
  )
  assert.deepEqual(problems, [])
})

test('a linked document is read, a dangling link is a problem', async context => {
  const directory = folder(context, { 'real.txt': 'a: 1\n' })
  symlinkSync('real.txt', join(directory, 'a.yaml'))
  symlinkSync('gone.txt', join(directory, 'b.yaml'))
  const { files, problems } = await readPolicyFolder(directory)
  assert.deepEqual(
    files.map(({ text }) => text),
    ['a: 1\n'],
  )
  assert.deepEqual(
    problems.map(({ file }) => basename(file)),
    ['b.yaml'],
  )
})

test('what cannot be read is a problem that says what to do', async context => {
  const directory = folder(context, {
    'large.yaml': 'x'.repeat(1_048_577),
    'latin.yaml': Uint8Array.of(0x61, 0x3a, 0x20, 0xe4),
  })
  const { files, problems } = await readPolicyFolder(directory)
  assert.deepEqual(files, [])
  assert.match(problems[0]?.says ?? '', /1048577 bytes; at most 1048576 are read/)
  assert.match(problems[1]?.says ?? '', /not text in UTF-8/)
})

test('a folder that is missing, is a file, or holds no document says so', async context => {
  const directory = folder(context, { 'notes.txt': '' })
  const saysOf = async (path: string) => (await readPolicyFolder(path)).problems[0]?.says
  assert.match((await saysOf(join(directory, 'gone'))) ?? '', /does not exist/)
  assert.match((await saysOf(join(directory, 'notes.txt'))) ?? '', /is not a folder/)
  assert.match((await saysOf(directory)) ?? '', /no policy documents in this folder/)
  mkdirSync(join(directory, 'only-a-folder.yaml'))
  assert.match((await saysOf(directory)) ?? '', /no policy documents in this folder/)
})

test('the signature changes with what is written, and with nothing else', async context => {
  const directory = folder(context, { 'a.yaml': 'a: 1\n' })
  const signature = async () => (await listPolicyFolder(directory)).signature
  const first = await signature()
  writeFileSync(join(directory, 'notes.txt'), 'x')
  assert.equal(await signature(), first)
  assert.equal((await readPolicyFolder(directory)).signature, first)
  utimesSync(join(directory, 'a.yaml'), 1, 1)
  const second = await signature()
  assert.notEqual(second, first)
  writeFileSync(join(directory, 'b.yaml'), '')
  assert.notEqual(await signature(), second)
})
