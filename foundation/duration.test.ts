// Durations as people write them, and back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatDuration, mustParseDuration, parseDuration } from './duration.ts'

test('a number with a unit is a duration', () => {
  for (const [text, ms] of [
    ['0ms', 0],
    ['250ms', 250],
    ['3s', 3_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['0009s', 9_000],
    ['9999999h', 35_999_996_400_000],
  ] as const) {
    assert.equal(parseDuration(text), ms)
    assert.equal(mustParseDuration(text), ms)
  }
})

test('without a unit, or with another, it is none', () => {
  for (const text of [
    '',
    '5',
    's',
    '5 s',
    ' 5s',
    '5s ',
    '5S',
    '-5s',
    '1.5s',
    '5d',
    '5ms5',
    '1e3s',
    '12345678s',
    '٣s',
    '5s\n',
  ]) {
    assert.equal(parseDuration(text), undefined, text)
    assert.throws(() => mustParseDuration(text), /not a duration: /)
  }
})

test('a duration is told in the unit that a person would use, and never as sixty of a smaller one', () => {
  for (const [ms, text] of [
    [0, '0ms'],
    [340.4, '340ms'],
    [999.4, '999ms'],
    [999.6, '1.0s'],
    [1_000, '1.0s'],
    [1_449, '1.4s'],
    [59_940, '59.9s'],
    [59_999, '1m'],
    [60_000, '1m'],
    [65_000, '1m 5s'],
    [119_600, '2m'],
    [3_600_000, '60m'],
  ] as const)
    assert.equal(formatDuration(ms), text, String(ms))
})
