// Names that every assistant takes, made of those that some do not: always the same, never another's.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { isPortable } from '#routes/wire-names.ts'
import { mayBeMade, portableName } from './portable-names.ts'

const serverOf = (naming: 'prefix' | 'plain', ...prefixes: readonly string[]) =>
  ({
    name: 'default',
    naming,
    criticality: 'critical',
    members: prefixes.map(prefix => ({
      cluster: prefix,
      ...(naming === 'prefix' ? { prefix } : {}),
    })),
  }) satisfies VirtualServerPolicy

const nameIn = (server: VirtualServerPolicy, own: string, at = 0): string | undefined =>
  portableName(server, server.members[at] ?? assert.fail('no such member'), own)

const PREFIXED = serverOf('prefix', 'crm', 'mail')

test('a name that every assistant takes stays, and any other becomes one that they take', () => {
  assert.equal(nameIn(PREFIXED, 'find'), 'crm__find')
  for (const own of ['calendar.read', 'a b', 'ä', 'x'.repeat(200), 'search/deep', '.', '']) {
    const made = nameIn(PREFIXED, own) ?? assert.fail(own)
    assert.ok(isPortable(made), made)
    assert.ok(made.startsWith('crm__'))
    assert.equal(mayBeMade(made), own !== '')
    assert.equal(nameIn(PREFIXED, own), made)
  }
  assert.match(nameIn(PREFIXED, 'calendar.read') ?? '', /^crm__calendar_read_[0-9a-f]{8}$/)
})

test('names that differ in what is lost stay different', () => {
  const owns = ['a.b', 'a b', 'a/b', 'A.b', `${'x'.repeat(90)}1`, `${'x'.repeat(90)}2`]
  assert.equal(new Set(owns.map(own => nameIn(PREFIXED, own))).size, owns.length)
})

test('none is made where the prefix would not stay, or where it could be another cluster’s', () => {
  assert.equal(nameIn(serverOf('prefix', 'p'.repeat(53)), 'a.b'), undefined)
  assert.ok(nameIn(serverOf('prefix', 'p'.repeat(52)), 'a.b')?.startsWith(`${'p'.repeat(52)}__`))
  assert.equal(nameIn(serverOf('plain', 'crm', 'mail'), 'a.b'), undefined)
  assert.equal(nameIn(serverOf('plain', 'crm', 'mail'), 'find'), 'find')
  assert.match(nameIn(serverOf('plain', 'crm'), 'a.b') ?? '', /^a_b_[0-9a-f]{8}$/)
})

test('a name that was not made is told from one that may be', () => {
  for (const name of ['find', 'a_b', 'a_1234567', 'a_1234567G', 'a.b_12345678'])
    assert.equal(mayBeMade(name), false, name)
})
