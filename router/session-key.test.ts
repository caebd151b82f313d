// The key that seals session ids: given, or made once and kept where only its owner reads it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { sessionKey } from './session-key.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'ringmain-key-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

const KEY = Buffer.alloc(32, 0xfb)

test('a key of the settings is taken as it is, with or without padding, and nothing is written', async t => {
  const path = folder(t)
  const text = KEY.toString('base64')
  for (const given of [text, text.replaceAll('=', '')])
    assert.ok((await sessionKey(given, join(path, 'none'))).equals(KEY))
  assert.throws(() => statSync(join(path, 'none')), /ENOENT/)
})

test('a key that is not 32 bytes of base64 is refused in words that say how to make one', async t => {
  for (const given of [
    'short',
    'x'.repeat(44),
    Buffer.alloc(31).toString('base64'),
    `${KEY.toString('base64')}A`,
  ])
    await assert.rejects(sessionKey(given, folder(t)), {
      message:
        'RINGMAIN_SESSION_KEY does not hold 32 bytes in base64; make one with: openssl rand -base64 32',
    })
})

test('without one a key is made, kept for its owner alone, and found again', async t => {
  const state = join(folder(t), 'deep', 'state')
  const key = await sessionKey(undefined, state)
  assert.equal(key.length, 32)
  const file = join(state, 'session.key')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(readFileSync(file, 'utf8').trim(), key.toString('base64'))
  assert.ok((await sessionKey(undefined, state)).equals(key))
})

test('routers that start together in one folder agree on the key', async t => {
  const state = folder(t)
  const keys = await Promise.all(Array.from({ length: 20 }, () => sessionKey(undefined, state)))
  assert.equal(new Set(keys.map(key => key.toString('hex'))).size, 1)
})

test('a router that could not write its key leaves nothing that keeps a later one from starting', async t => {
  const state = folder(t)
  const module = JSON.stringify(new URL('./session-key.ts', import.meta.url).href)
  const run = `import(${module}).then(({ sessionKey }) => sessionKey(undefined, process.argv[1]))`
  // May create files and write none: what a full disk does, or an end at the wrong moment.
  const script = 'ulimit -f 0 && exec "$0" -e "$1" "$2"'
  const { status } = spawnSync('sh', ['-c', script, process.execPath, run, state])
  assert.notEqual(status, 0, 'it wrote its key all the same')
  assert.equal((await sessionKey(undefined, state)).length, 32)
})

test('nothing but the key stays in the folder', async t => {
  const state = folder(t)
  await Promise.all(Array.from({ length: 5 }, () => sessionKey(undefined, state)))
  assert.deepEqual(readdirSync(state), ['session.key'])
})

test('a damaged file is refused by its name, and not overwritten', async t => {
  const state = folder(t)
  writeFileSync(join(state, 'session.key'), 'oops')
  await assert.rejects(sessionKey(undefined, state), /session\.key does not hold 32 bytes/)
  assert.equal(readFileSync(join(state, 'session.key'), 'utf8'), 'oops')
})

test('a folder that cannot be used is told', async t => {
  const path = folder(t)
  writeFileSync(join(path, 'file'), '')
  await assert.rejects(sessionKey(undefined, join(path, 'file')), /EEXIST|ENOTDIR/)
})
