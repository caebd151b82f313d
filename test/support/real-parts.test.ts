// The finder of real parts: the order it looks in, and that a gate cannot pass by skipping.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { builtPath, findTool } from '#deploy/tools/find.mjs'
import { realPart } from './real-parts.ts'

const folder = mkdtempSync(join(tmpdir(), 'ringmain-parts-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const program = join(folder, 'k6')
writeFileSync(program, '#!/bin/sh\n')
chmodSync(program, 0o755)

test('a binary named by hand wins', () => {
  assert.equal(findTool('k6', { K6_BIN: program, PATH: '' }), program)
})

test('a binary named by hand that does not run is an error, and not passed over', () => {
  assert.throws(
    () => findTool('k6', { K6_BIN: join(folder, 'absent'), PATH: folder }),
    /K6_BIN names/,
  )
})

test('a binary on PATH is found where none was built', () => {
  assert.ok([program, builtPath('k6')].includes(findTool('k6', { PATH: folder }) ?? ''))
})

test('a missing part is a reason to skip, or an error where real parts are required', () => {
  const none = (): undefined => undefined
  assert.deepEqual(realPart('k6', { PATH: '' }, none), {
    skip: 'needs k6: no Go and no binary; set K6_BIN',
  })
  assert.throws(
    () => realPart('k6', { PATH: '', RINGMAIN_REQUIRE_REAL: '1' }, none),
    /needs k6: .*a missing real part a failure/,
  )
})
