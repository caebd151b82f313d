// What lists leave out is told once, in words that no terminal obeys, and again when it is something else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LeftOutLog } from './left-out-log.ts'

const outAs = (...names: readonly string[]) => ({
  server: 'default',
  cluster: 'crm',
  list: 'tools' as const,
  leftOut: names.map(own => ({ own, why: 'its name is not portable' })),
})

test('a list is told of once, and again when it leaves out something else', () => {
  const lines: unknown[] = []
  const log = new LeftOutLog((event, fields) => lines.push([event, fields]))
  for (const names of [['a.b'], ['a.b'], ['a.b', 'c.d'], ['a.b']]) log.tell(outAs(...names))
  log.tell({ ...outAs('a.b'), server: 'other' })
  assert.equal(lines.length, 4)
  assert.deepEqual(lines[1], [
    'lists.left_out',
    {
      'ringmain.server': 'default',
      'ringmain.cluster': 'crm',
      list: 'tools',
      count: 2,
      named: ['a.b: its name is not portable', 'c.d: its name is not portable'],
    },
  ])
})

test('what is left out now can be asked for, until it is left out no more', () => {
  const log = new LeftOutLog(() => undefined)
  log.tell(outAs('a.b'))
  log.tell({ ...outAs('c.d'), cursor: 'two' })
  log.tell({ ...outAs('e.f'), server: 'other' })
  const view = (name: string): object => ({
    cluster: 'crm',
    list: 'tools',
    count: 1,
    named: [`${name}: its name is not portable`],
  })
  assert.deepEqual(log.of('default'), [view('a.b'), view('c.d')])
  log.tell(outAs())
  assert.deepEqual(log.of('default'), [view('c.d')])
  assert.deepEqual(log.of('nobody'), [])
})

test('of many a few are named, shortly, and without what a terminal obeys', () => {
  let named: readonly string[] = []
  const log = new LeftOutLog((_event, fields) => {
    named = fields['named'] as readonly string[]
  })
  log.tell(outAs(...Array.from({ length: 500 }, (_, at) => `\u001b[2J\n${at}${'x'.repeat(9_000)}`)))
  assert.equal(named.length, 5)
  for (const one of named) assert.match(one, /^[^\p{Cc}]{1,200}$/u)
})
