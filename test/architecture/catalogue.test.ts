// The catalogue of refusals: its numbers are ours to use, each code is documented, born and tested, and what it says about
// the tool is true.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type RefusalShape, refusals } from '#foundation/refusals.ts'
import { readSource, type Source } from './source.ts'
import { readTree, root } from './tree.ts'

type Catalogue = Readonly<Record<string, RefusalShape>>

const catalogue: Catalogue = refusals
const page = readFileSync(join(root, 'docs/reference/refusals.md'), 'utf8')

/** Numbers that JSON-RPC 2.0 and the protocol's 2026-07-28 revision define themselves. */
const DEFINED: ReadonlySet<number> = new Set([
  -32700, -32600, -32601, -32602, -32603, -32020, -32021, -32022,
])
const RESERVED = { from: -32_768, to: -32_000 }

function numberFindings(codes: Catalogue): readonly string[] {
  const own = Object.entries(codes).filter(([, { jsonRpc }]) => !DEFINED.has(jsonRpc))
  return own.flatMap(([code, { jsonRpc }]) => [
    ...(jsonRpc >= RESERVED.from && jsonRpc <= RESERVED.to
      ? [`${code} uses ${jsonRpc}, which the protocol keeps for itself`]
      : []),
    ...(own.some(([other, shape]) => other !== code && shape.jsonRpc === jsonRpc)
      ? [`${code} shares ${jsonRpc} with another code`]
      : []),
  ])
}

function undocumented(codes: Catalogue, text: string): readonly string[] {
  return Object.keys(codes).filter(code => !text.includes(`\`${code}\``))
}

/** What the model reads must say whether the tool can have run. */
function silentAboutExecution(codes: Catalogue): readonly string[] {
  return Object.entries(codes)
    .filter(([, { as }]) => as === 'result')
    .filter(
      ([, { executed, says }]) =>
        !says.includes(executed === 'no' ? 'was not executed' : 'outcome_unknown'),
    )
    .map(([code]) => code)
}

function wrongNames(codes: Catalogue): readonly string[] {
  return Object.entries(codes)
    .filter(
      ([code, { reason, http, says }]) =>
        !/^RINGMAIN_[A-Z]+(_[A-Z]+)*$/.test(code) ||
        !/^[a-z]+(_[a-z]+)*$/.test(reason) ||
        !/^[A-Z].*\.$/.test(says) ||
        http < 400 ||
        http > 599,
    )
    .map(([code]) => code)
}

/** A call that may have run must not be sent again on the word of the refusal. */
function invitesTwice(codes: Catalogue): readonly string[] {
  return Object.entries(codes)
    .filter(([, { executed, retry }]) => executed === 'unknown' && retry !== 'never')
    .map(([code]) => code)
}

/** Without comments: a code that is only spoken of is neither born nor tested. */
const spoken = ({ text, comments }: Source): string =>
  text.replace(/\S/g, (character, at: number) => (comments[at] === ' ' ? character : ' '))

/** Codes that the router never refuses with; a comparison with one gives birth to none. */
function unborn(codes: Catalogue, sources: readonly Source[]): readonly string[] {
  const router = sources
    .filter(({ path }) => path.startsWith('router/') && !path.endsWith('.test.ts'))
    .map(source => spoken(source).replace(/[!=]==\s*'RINGMAIN_[A-Z_]*'/g, ''))
  return Object.keys(codes).filter(code => !router.some(text => text.includes(`'${code}'`)))
}

/** Codes that no test expects. The rules of this folder expect nothing of the router. */
function untested(codes: Catalogue, sources: readonly Source[]): readonly string[] {
  const tests = sources
    .filter(
      ({ path }) => /\.test\.ts$|^test\//.test(path) && !path.startsWith('test/architecture/'),
    )
    .map(spoken)
  return Object.keys(codes).filter(
    code => !tests.some(text => new RegExp(`\\b${code}\\b`).test(text)),
  )
}

const shape: RefusalShape = {
  http: 503,
  jsonRpc: -31_999,
  as: 'result',
  retry: 'after',
  executed: 'no',
  reason: 'unavailable',
  says: 'No replica. The call was not executed.',
}

test('every number is a defined one, or our own and used once', () => {
  assert.ok(Object.keys(catalogue).length > 20)
  assert.deepEqual(numberFindings(catalogue), [])
})

test('a number that is reserved or used twice is found', () => {
  assert.deepEqual(numberFindings({ A: shape }), [])
  assert.match(numberFindings({ A: { ...shape, jsonRpc: -32_050 } })[0] ?? '', /keeps for itself/)
  assert.equal(numberFindings({ A: shape, B: shape }).length, 2)
})

test('every code is on the reference page', () => {
  assert.deepEqual(undocumented(catalogue, page), [])
  assert.deepEqual(undocumented({ RINGMAIN_NEW: shape }, page), ['RINGMAIN_NEW'])
})

test('a refusal that a model reads says whether the tool can have run', () => {
  assert.deepEqual(silentAboutExecution(catalogue), [])
  assert.deepEqual(silentAboutExecution({ A: { ...shape, says: 'No.' } }), ['A'])
  assert.deepEqual(silentAboutExecution({ A: { ...shape, executed: 'unknown' } }), ['A'])
})

test('codes and reasons are written in their one form', () => {
  assert.deepEqual(wrongNames(catalogue), [])
  assert.deepEqual(wrongNames({ RINGMAIN_lower: shape }), ['RINGMAIN_lower'])
  assert.deepEqual(wrongNames({ RINGMAIN_A: { ...shape, reason: 'Replica 3' } }), ['RINGMAIN_A'])
  assert.deepEqual(wrongNames({ RINGMAIN_A: { ...shape, http: 200 } }), ['RINGMAIN_A'])
  assert.deepEqual(wrongNames({ RINGMAIN_A: { ...shape, says: 'no replica' } }), ['RINGMAIN_A'])
})

test('reasons are few enough to be a label', () => {
  assert.ok(new Set(Object.values(catalogue).map(({ reason }) => reason)).size <= 20)
})

test('what may have run is never to be sent again', () => {
  assert.deepEqual(invitesTwice(catalogue), [])
  assert.deepEqual(invitesTwice({ A: { ...shape, executed: 'unknown' } }), ['A'])
})

test('every code is born in the router and expected by a test', () => {
  const sources = readTree()
  assert.deepEqual(unborn(catalogue, sources), [])
  assert.deepEqual(untested(catalogue, sources), [])
})

test('a code that is only compared with, spoken of or written by a test is not born, and one without a test is found', () => {
  const codes = { RINGMAIN_A: shape }
  const born = readSource('router/a.ts', "return refuse('RINGMAIN_A')\n")
  assert.deepEqual(unborn(codes, [born]), [])
  for (const [path, text] of [
    ['router/a.ts', "if (code === 'RINGMAIN_A') return\n"],
    ['router/a.ts', "// As 'RINGMAIN_A' does.\n"],
    ['router/a.ts', "return refuse('RINGMAIN_A_B')\n"],
    ['router/a.test.ts', "refuse('RINGMAIN_A')\n"],
    ['control-plane/a.ts', "refuse('RINGMAIN_A')\n"],
  ] as const)
    assert.deepEqual(unborn(codes, [readSource(path, text)]), ['RINGMAIN_A'], text)
  assert.deepEqual(untested(codes, [born]), ['RINGMAIN_A'])
  for (const path of ['router/a.test.ts', 'test/integration/rows.ts'])
    assert.deepEqual(untested(codes, [readSource(path, "equal(code, 'RINGMAIN_A')\n")]), [])
  for (const [path, text] of [
    ['router/a.test.ts', '// RINGMAIN_A\n'],
    ['router/a.test.ts', "equal(code, 'RINGMAIN_A_B')\n"],
    ['test/architecture/a.test.ts', "equal(code, 'RINGMAIN_A')\n"],
  ] as const)
    assert.deepEqual(untested(codes, [readSource(path, text)]), ['RINGMAIN_A'], text)
})
