// Why a part is missing: only what a registry did not give may be passed over in CI.
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { fetched, PartMissing } from './parts.ts'

const isRefused = (program: string, ...words: readonly string[]): boolean => {
  try {
    fetched(program, words, tmpdir())
  } catch (error) {
    assert.ok(error instanceof PartMissing)
    return error.isRefused
  }
  assert.fail('nothing was missed')
}

const saying = (words: string): readonly string[] => [
  '-e',
  `console.error('${words}'); process.exit(1)`,
]

test('an installer that gets nothing was refused', () => {
  assert.equal(isRefused(process.execPath, ...saying('403 Forbidden')), true)
})

test('one that is not on this machine was not, nor one whose pins do not fit together', () => {
  assert.equal(isRefused('there-is-no-such-installer'), false)
  assert.equal(isRefused(process.execPath, ...saying('npm error code EUSAGE')), false)
})

test('one that gets what it asks for misses nothing', () => {
  fetched(process.execPath, ['-e', ''], tmpdir())
})
