// A rule runs only where all that it reads is sound.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyRules, isSound } from './rules.ts'

test('a part is unsound when a breach lies at, above or below it', () => {
  const path = ['spec', 'health']
  for (const breach of [['spec', 'health'], ['spec'], [], ['spec', 'health', 'interval']])
    assert.equal(isSound(path, [{ path: breach }]), false, breach.join('.'))
})

test('a breach beside a part leaves it sound', () => {
  for (const breach of [['spec', 'vendor'], ['metadata'], ['spec', 'healthy']])
    assert.equal(isSound(['spec', 'health'], [{ path: breach }]), true, breach.join('.'))
})

test('a rule whose part is unsound does not run, and the others do', () => {
  const rule = (reads: string, says: string) => ({
    reads: [reads],
    check: (document: { readonly name: string }) => [{ path: [reads], says: says + document.name }],
  })
  const findings = applyRules([rule('a', 'on a: '), rule('b', 'on b: ')], {
    value: { name: 'x' },
    breaches: [{ path: ['a', 'inside'] }],
    isWritten: () => true,
  })
  assert.deepEqual(findings, [{ path: ['b'], says: 'on b: x' }])
})
