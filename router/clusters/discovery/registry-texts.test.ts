// How often a registry file is parsed: once for what it says, however many clusters look at it and however often.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readRegistryFile } from './registry-file.ts'
import { createRegistryTexts } from './registry-texts.ts'

async function rig(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'ringmain-texts-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'registry.yaml')
  const parsed: string[] = []
  const texts = createRegistryTexts(text => {
    parsed.push(text)
    return readRegistryFile(text)
  })
  return { file, parsed, texts, say: (text: string) => writeFile(file, text) }
}

test('a text is parsed once for all that read it, at once or later, and again when it is another', async t => {
  const { file, parsed, texts, say } = await rig(t)
  const [one, other] = [texts.open(file), texts.open(file)]
  await say('services: { s: [] }')
  const [first, second] = await Promise.all([one.read(), other.read()])
  assert.equal(first, second)
  assert.equal(await one.read(), first)
  assert.equal(parsed.length, 1)
  await say('services: { t: [] }')
  assert.notEqual(await other.read(), first)
  assert.equal(parsed.length, 2)
})

test('a file that was not there, or was too large, is read when it is right', async t => {
  const { file, parsed, texts, say } = await rig(t)
  const one = texts.open(file)
  assert.deepEqual(await one.read(), { problem: 'it does not exist' })
  await say(`# ${'x'.repeat(4 * 1_048_576)}`)
  assert.match(JSON.stringify(await one.read()), /more than 4194304/)
  assert.equal(parsed.length, 0)
  await say('services: {}')
  assert.ok('registry' in (await one.read()))
})

test('what nobody has open is forgotten, and what somebody else has open is not', async t => {
  const { file, parsed, texts, say } = await rig(t)
  await say('services: {}')
  const [one, other] = [texts.open(file), texts.open(file)]
  await one.read()
  one.close()
  await other.read()
  assert.equal(parsed.length, 1)
  other.close()
  await texts.open(file).read()
  assert.equal(parsed.length, 2)
})
