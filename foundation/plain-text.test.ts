// Words from outside, made fit for a log line and a terminal.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LONGEST_TEXT, plainText } from './plain-text.ts'

test('text without anything odd stays as it is', () => {
  for (const text of ['', 'no answer within 5 ms', 'Größe 3 μs – 漢字 😀'])
    assert.equal(plainText(text), text)
})

test('nothing begins a line, moves a cursor, or turns the writing around', () => {
  for (const [text, plain] of [
    ['a\r\nlevel=error b', 'a level=error b'],
    ['a\n\n\tb', 'a b'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007shown', 'shown'],
    ['\u001b]8;;http://x\u001b\\link', 'link'],
    ['\u001bcreset', 'creset'],
    ['\u009b31mc1', '31mc1'],
    ['a\u0000b\u007fc\u0085d', 'a b c d'],
    ['a\u2028b\u202ec\u2066d\ufeff', 'a b c d'],
    ['broken \ud83d half', 'broken \ufffd half'],
  ] as const)
    assert.equal(plainText(text), plain)
})

test('a megabyte is cut, whatever it is made of', () => {
  for (const unit of ['x', '\u001b[1m', '\r\n', '\u001b]', '😀', '\u001b['])
    for (const text of [unit.repeat(500_000), `begin ${unit.repeat(500_000)}`]) {
      const plain = plainText(text)
      assert.ok(plain.length <= LONGEST_TEXT, `${plain.length}`)
      assert.ok(plain.endsWith('…'), 'it must show that it was cut')
      assert.ok(plain.isWellFormed())
      assert.doesNotMatch(plain, /\p{Cc}/u)
    }
  assert.equal(plainText('x'.repeat(LONGEST_TEXT)).length, LONGEST_TEXT)
})
