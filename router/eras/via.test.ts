// A message that comes by a router for the second time goes round; one that has come through others does not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromRouter, through, viaOf } from './via.ts'

const told = (stated: string | string[] | undefined): string => {
  const way = viaOf(stated, 'r1')
  return 'code' in way ? way.code : way.via
}

test('each router adds itself to those that a message has come through', () => {
  assert.equal(told(undefined), 'r1')
  assert.equal(told('a'), 'a,r1')
  assert.equal(told('a,b2, 0f'), 'a,b2, 0f,r1')
})

test('a message that has come through this router goes round, and one through very many as well', () => {
  for (const stated of ['r1', 'r1,a', 'a, r1', 'a,r1,b'])
    assert.equal(told(stated), 'RINGMAIN_LOOP')
  const chain = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  assert.equal(told(chain.join()), 'a,b,c,d,e,f,g,r1')
  assert.equal(told([...chain, 'h'].join()), 'RINGMAIN_LOOP')
  assert.equal(told('r11,ar1'), 'r11,ar1,r1', 'whole ids are compared')
})

test('anything else than ids is refused, and what is long is not looked at', () => {
  for (const stated of [
    '',
    ',',
    'a,',
    'a b',
    'R1',
    'a;b',
    'a\nb',
    'ä',
    'a,,b',
    `a${'a'.repeat(40)}`,
  ])
    assert.equal(told(stated), 'RINGMAIN_INVALID_HEADER', stated)
  assert.equal(told(['a', 'b']), 'RINGMAIN_INVALID_HEADER')
  assert.equal(told('a,'.repeat(10_000_000)), 'RINGMAIN_INVALID_HEADER')
})

test('what is asked on behalf of a caller goes the way that its call came', () => {
  const said = { headers: ['accept', '*/*'], path: '/mcp' }
  assert.deepEqual(through(said, fromRouter('r1')), {
    headers: ['accept', '*/*', 'x-ringmain-via', 'r1'],
    path: '/mcp',
  })
  assert.equal(through(said, { passedHeaders: [['traceparent', 'x']] }), said)
})
