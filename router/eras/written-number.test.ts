// Which numbers every parser reads alike, told by their digits, and where they stand in a message.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { seededRandom } from '#foundation/clock.ts'
import { jsonValue, runOf, spelt } from '#test/support/properties.ts'
import { messageFrom } from '#test/support/read-message.ts'
import { saysNumber, textOfNumber, WrittenParams } from './written-number.ts'

const text = (written: string): string | undefined => textOfNumber(Number(written), written)

test('every double has the text that it is written with, and that text is the same number', t => {
  const double = fc.double({ noNaN: true, noDefaultInfinity: true })
  fc.assert(
    fc.property(double, value => {
      const isHeld = !Number.isInteger(value) || Number.isSafeInteger(value)
      assert.equal(text(JSON.stringify(value)), isHeld ? String(value) : undefined)
      assert.equal(text(value.toExponential()), isHeld ? String(value) : undefined)
    }),
    runOf(t, 1_000),
  )
})

test('one digit more or less is another number, however near', t => {
  const digits = fc.bigInt({ min: 10n ** 17n, max: 10n ** 25n })
  fc.assert(
    fc.property(digits, fc.bigInt({ min: 1n, max: 3n }), (one, more) => {
      const [low, high] = [`0.${one}1`, `0.${one + more}1`]
      assert.ok(saysNumber(low, low))
      assert.ok(!saysNumber(low, high))
      assert.equal(text(String(one)), undefined)
      assert.equal(text(`4.${one}1`), undefined)
    }),
    runOf(t, 300),
  )
})

test('what is no number, or none as headers write one, says none', () => {
  for (const header of [
    '',
    '-',
    '1.',
    '.5',
    '01',
    '+1',
    '1e0',
    ' 1',
    '0x1',
    'NaN',
    'Infinity',
    '１',
  ])
    assert.ok(!saysNumber(header, '1'), header)
  assert.equal(textOfNumber(1, ''), undefined)
})

test('a value is found where it stands, in any spelling of its keys', t => {
  fc.assert(
    fc.property(jsonValue(2), fc.string(), fc.integer(), (other, key, ink) => {
      const params = { name: 't', arguments: { [key]: other, n: { [key]: 424_242 } } }
      const read = messageFrom(
        spelt({ jsonrpc: '2.0', method: 'tools/call', params, id: 1 }, seededRandom(ink)),
      )
      fc.pre(key !== 'n' && read.kind === 'ok') // the guard refuses some keys
      const written = new WrittenParams(read.value)
      for (const _time of ['first', 'again'])
        assert.equal(Number(written.at(['arguments', 'n', key])), 424_242)
      for (const path of [['n'], ['arguments', 'n', 'n'], ['arguments', 'n', key, 'n']])
        assert.equal(written.at(path), '')
    }),
    runOf(t, 200),
  )
})
