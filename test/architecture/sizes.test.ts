// Sizes: a file over 300 lines needs a written reason, a function over 60 lines is reported and over 80 refused.
// Functions are found by a scanner; functions.ts says what it cannot see.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { functionsOf } from './functions.ts'
import { readSource, type Source } from './source.ts'
import { readTree } from './tree.ts'

const MOST_LINES = 300
const REPORTED_FUNCTION = 60
const MOST_FUNCTION = 80
const MOST_FOUNDATION_FILES = 12

/** Longer files, each with the reason why it is not split. */
const LONG_FILES: Readonly<Record<string, string>> = {}

const linesOf = ({ text }: Source): number => text.trimEnd().split('\n').length

function longFiles(sources: readonly Source[]): readonly string[] {
  return sources
    .filter(source => linesOf(source) > MOST_LINES && LONG_FILES[source.path] === undefined)
    .map(source => `${source.path} has ${linesOf(source)} lines`)
}

/** Tests are lists of cases and may be long; what they call may not. */
function longFunctions(sources: readonly Source[], most: number): readonly string[] {
  return sources
    .filter(({ path }) => !path.endsWith('.test.ts'))
    .flatMap(source =>
      functionsOf(source)
        .filter(({ lines }) => lines > most)
        .map(({ line, lines }) => `${source.path}:${line} is a function of ${lines} lines`),
    )
}

const foundationFiles = (sources: readonly Source[]): readonly string[] =>
  sources
    .map(({ path }) => path)
    .filter(path => path.startsWith('foundation/') && !path.endsWith('.test.ts'))

const tree = readTree()
const body = (lines: number): string => '  call()\n'.repeat(lines)

test('no file is longer than 300 lines without a written reason', () => {
  assert.ok(tree.length > 50, `only ${tree.length} files were seen`)
  assert.deepEqual(longFiles(tree), [])
})

test('a long file is found', () => {
  assert.deepEqual(longFiles([readSource('a.ts', body(300))]), [])
  assert.deepEqual(longFiles([readSource('a.ts', body(301))]), ['a.ts has 301 lines'])
})

test('every written reason belongs to a file that is long', () => {
  const stale = Object.keys(LONG_FILES).filter(
    path => !tree.some(source => source.path === path && linesOf(source) > MOST_LINES),
  )
  assert.deepEqual(stale, [])
})

test('no function is longer than 80 lines', t => {
  for (const finding of longFunctions(tree, REPORTED_FUNCTION)) t.diagnostic(finding)
  const seen = tree.flatMap(functionsOf).length
  assert.ok(seen > 200, `only ${seen} functions were seen`)
  assert.deepEqual(longFunctions(tree, MOST_FUNCTION), [])
})

test('a long function is found in every form', () => {
  const forms: readonly (readonly [before: string, after: string])[] = [
    ['function a(b: { c: string }): void {\n', '}\n'],
    ['export async function a(\n  b: string,\n): Promise<void> {\n', '}\n'],
    ['const a = (b: string): void => {\n', '}\n'],
    ['call(async () => {\n', '})\n'],
    ['class A {\n  async run(b: string): Promise<void> {\n', '  }\n}\n'],
  ]
  for (const [before, after] of forms) {
    const inside = MOST_FUNCTION - before.replace('class A {\n', '').split('\n').length
    const sized = (more: number): readonly string[] =>
      longFunctions([readSource('a.ts', before + body(inside + more) + after)], MOST_FUNCTION)
    assert.deepEqual(sized(0), [], before)
    assert.equal(sized(1).length, 1, before)
  }
})

test('a long block that is no function is not taken for one', () => {
  const text = `{\n  if (a) {\n${body(90)}  }\n}\n`
  assert.deepEqual(longFunctions([readSource('a.ts', text)], MOST_FUNCTION), [])
})

test('the foundation stays small', () => {
  assert.ok(foundationFiles(tree).length <= MOST_FOUNDATION_FILES, foundationFiles(tree).join(' '))
  const many = Array.from({ length: 13 }, (_, index) => readSource(`foundation/f${index}.ts`, ''))
  assert.ok(foundationFiles(many).length > MOST_FOUNDATION_FILES)
})
