// What the answer to `server/discover` proves of a replica: the question alone proves nothing, since legacy servers may know it, too.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checked } from '#test/support/checked-replica.ts'
import { legacyScript } from '#test/support/small-replica.ts'
import { discoveredIn } from './discovered.ts'

const OLD = ['2025-11-25', '2025-06-18']

test('a legacy server that answers server/discover with the revisions of its era is learned as legacy', async t => {
  const { check } = await checked(t, {
    ...legacyScript('s-1'),
    'server/discover': ({ result }) =>
      result({ supportedVersions: OLD, capabilities: { tools: {} }, instructions: 'of discover' }),
  })
  const result = await check()
  assert.ok(result.ok && result.learned !== undefined, JSON.stringify(result))
  assert.deepEqual(result.learned.eras, ['legacy'])
  assert.equal(result.learned.instructions, 'legacy words')
})

test('one that refuses it with -32022 and lists the revisions of its era is learned as legacy', async t => {
  const { check } = await checked(t, {
    ...legacyScript('s-1'),
    'server/discover': ({ error }) => error(400, -32_022, { supported: OLD }),
  })
  const result = await check()
  assert.deepEqual(result.ok && result.learned?.eras, ['legacy'])
})

const refusal = (code: number, data?: unknown): object => ({ error: { code, message: '', data } })

const KINDS: readonly (readonly [what: string, message: object, kind: string])[] = [
  ['the modern revision', { result: { supportedVersions: ['2026-07-28'] } }, 'modern'],
  ['revisions of both eras', { result: { supportedVersions: ['2026-07-28', ...OLD] } }, 'modern'],
  ['legacy revisions', { result: { supportedVersions: OLD } }, 'not_modern'],
  ['no revision at all', { result: { supportedVersions: [] } }, 'not_modern'],
  ['one that nobody knows', { result: { supportedVersions: ['2031-01-01', 7] } }, 'not_modern'],
  ['another result', { result: {} }, 'not_modern'],
  ['a refusal of both eras', refusal(-32_022, { supported: ['2026-07-28', ...OLD] }), 'modern'],
  ['a refusal of the legacy era', refusal(-32_022, { supported: OLD }), 'not_modern'],
  ['a refusal that lists none', refusal(-32_022), 'modern'],
  ['a refusal with null for its data', refusal(-32_020, null), 'modern'],
  ['a refusal that every era has', refusal(-32_601), 'not_modern'],
]

for (const [what, message, kind] of KINDS)
  test(`${what}: ${kind}`, () => {
    assert.equal(discoveredIn({ ...message }).kind, kind)
  })

test('words and capabilities are taken of a modern server alone', () => {
  const words = { instructions: 'ask', capabilities: { tools: { listChanged: true } } }
  assert.deepEqual(discoveredIn({ result: { ...words, supportedVersions: OLD } }), {
    kind: 'not_modern',
  })
  const { instructions, capabilities } = discoveredIn({
    result: { ...words, supportedVersions: ['2026-07-28'] },
  })
  assert.equal(instructions, 'ask')
  assert.deepEqual(capabilities?.tells, ['tools'])
})
