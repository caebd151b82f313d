// Names and URIs on the wire: what goes out comes back to its owner, letter for letter.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { runOf } from '#test/support/properties.ts'
import type { VirtualServerPolicy } from './route-table.ts'
import {
  isMadeBy,
  looksOf,
  mayBeNamed,
  ownerOfName,
  ownerOfUri,
  wireName,
  wireUri,
} from './wire-names.ts'

const joined = (...prefixes: readonly string[]): VirtualServerPolicy => ({
  name: 'default',
  members: prefixes.map(prefix => ({ cluster: prefix.toLowerCase(), prefix })),
  naming: 'prefix',
  criticality: 'critical',
})
const server = joined('crm', 'crm-2', 'My_Tools')
const [crm, , tools] = server.members
assert.ok(crm !== undefined && tools !== undefined)
const plain = { cluster: 'crm' }

test('a name bears the prefix of its cluster, and goes back to it', () => {
  assert.equal(wireName(plain, 'find'), 'find')
  assert.equal(wireName(crm, 'find'), 'crm__find')
  assert.deepEqual(ownerOfName(server, 'crm__find'), { member: crm, own: 'find' })
  assert.deepEqual(ownerOfName(server, 'crm___find'), { member: crm, own: '_find' })
  assert.deepEqual(ownerOfName(server, 'crm__a__b'), { member: crm, own: 'a__b' })
  for (const wire of ['find', 'crm_find', '__find', 'CRM__find', 'erp__find', ''])
    assert.equal(ownerOfName(server, wire), undefined, wire)
})

test('a URI bears the prefix in its scheme, and that of a user interface in its host', () => {
  for (const [own, wire] of [
    ['file:///notes/a.md', 'crm+file:///notes/a.md'],
    ['urn:isbn:1', 'crm+urn:isbn:1'],
    ['git+ssh://host/x', 'crm+git+ssh://host/x'],
    ['file:///{+path}', 'crm+file:///{+path}'],
    ['{scheme}://x', 'crm+{scheme}://x'],
    ['ui://clock', 'ui://crm/clock'],
    ['ui://', 'ui://crm/'],
    ['ui://a/{view}?q=1+1', 'ui://crm/a/{view}?q=1+1'],
    ['', 'crm+'],
  ] as const) {
    assert.equal(wireUri(crm, own), wire)
    assert.deepEqual(ownerOfUri(server, wire), { member: crm, own })
    assert.equal(wireUri(plain, own), own)
  }
  assert.equal(wireUri(tools, 'file:///a'), 'my.tools+file:///a')
  assert.equal(ownerOfUri(server, 'MY.Tools+file:///a')?.member, tools)
  for (const wire of [
    'file:///a',
    'ui://crm',
    'ui:///a',
    'erp+file:///a',
    '+file:///a',
    'ui://erp/a',
    '',
  ])
    assert.equal(ownerOfUri(server, wire), undefined, wire)
})

test('whatever the owner calls it, the wire form leads back to exactly that', t => {
  const prefix = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,5}(?:_[A-Za-z0-9-]{1,5}){0,2}$/)
  const prefixes = fc.uniqueArray(prefix, { minLength: 1, maxLength: 5, selector: looksOf })
  const own = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.string().map(rest => `ui://${rest}`),
  )
  fc.assert(
    fc.property(prefixes, own, (all, text) => {
      const server = joined(...all)
      const seen = new Set<string>()
      for (const member of server.members) {
        assert.deepEqual(ownerOfName(server, wireName(member, text)), { member, own: text })
        assert.deepEqual(ownerOfUri(server, wireUri(member, text)), { member, own: text })
        seen.add(wireUri(member, text))
      }
      assert.equal(seen.size, all.length)
    }),
    runOf(t),
  )
})

test('a name that some assistant would refuse is not shown where the document says so', () => {
  const portable = { ...server, names: 'portable' } as const
  for (const [name, isPortable] of [
    ['crm__find', true],
    ['x'.repeat(64), true],
    ['x'.repeat(65), false],
    ['crm__find.one', false],
    ['crm__größe', false],
    ['crm__a b', false],
    ['', false],
  ] as const) {
    assert.equal(mayBeNamed(portable, name), isPortable, name)
    assert.equal(mayBeNamed(server, name), true)
  }
})

test('prefixes that one may take for another look the same', () => {
  for (const [one, other] of [
    ['crm', 'CRM'],
    ['mail1', 'mailI'],
    ['all', 'a11'],
    ['pool', 'po0l'],
    ['my-tools', 'my_tools'],
    ['fern', 'fem'],
    ['vvork', 'work'],
  ] as const)
    assert.equal(looksOf(one), looksOf(other), `${one} and ${other}`)
  for (const [one, other] of [
    ['crm', 'erp'],
    ['crm', 'crm-2'],
    ['tools', 'tool'],
  ] as const)
    assert.notEqual(looksOf(one), looksOf(other), `${one} and ${other}`)
})

test('a template makes the URIs that hold its literals in their order, and no others', () => {
  for (const [template, uri, isMade] of [
    ['file:///{+path}', 'file:///a/b', true],
    ['file:///{+path}', 'http:///a', false],
    ['db:///{table}/{id}.json', 'db:///users/7.json', true],
    ['db:///{table}/{id}.json', 'db:///users.json', false],
    ['{a}{b}', '', true],
    ['x:{a}x', 'x:x', true],
    ['x:{a}:x', 'x:x', false],
    ['plain:1', 'plain:1', true],
    ['plain:1', 'plain:12', false],
  ] as const)
    assert.equal(isMadeBy(template, uri), isMade, `${template} ${uri}`)
})
