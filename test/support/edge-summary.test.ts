// The block of figures: nothing is lost, nothing is wider than the page, and a part that failed is never called met.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { edgeSummary, storyPart } from './edge-summary.ts'

test('every part stands with its figures, and the last line is the verdict', () => {
  const parts = [{ name: 'one', isMet: true, figures: ['12 of 12', 'none'] }]
  assert.equal(
    edgeSummary(parts),
    'the edge\n  ok    one\n        12 of 12\n        none\nevery bar was met',
  )
})

test('one part that missed is named in the last line', () => {
  const parts = [
    { name: 'one', isMet: true, figures: [] },
    { name: 'two', isMet: false, figures: [] },
  ]
  assert.match(edgeSummary(parts), / {2}MISS {2}two\nmissed: two$/)
})

test('a run of nothing has met nothing', () => {
  assert.match(edgeSummary([]), /missed: nothing ran$/)
})

test('no line is wider than the page, and no word is lost', () => {
  const words = Array.from({ length: 60 }, (_, index) => 'w'.repeat(1 + (index % 17)))
  const figures = [words.join(' '), 'x'.repeat(350)]
  const lines = edgeSummary([{ name: 'one', isMet: true, figures }]).split('\n')
  assert.ok(lines.every(line => line.length <= 100))
  const text = lines.slice(2, -1).join(' ')
  assert.deepEqual(text.match(/w+/g), words)
  assert.equal(text.replaceAll(/[^x]/g, '').length, 350)
})

test('a story that ended badly has missed, whatever it printed', () => {
  const output = 'a story\n  ok    calls: 3 of 3\n'
  assert.deepEqual(storyPart('s', output, 0).figures, ['a story', 'calls: 3 of 3'])
  assert.equal(storyPart('s', output, 1).isMet, false)
  assert.equal(storyPart('s', output, null).isMet, false)
})
