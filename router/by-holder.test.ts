// Tokens by who holds them: what is told of them agrees with counting them all, whatever was put in and taken out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { ByHolder } from './by-holder.ts'

const SEED = 5

test('who holds most comes first, of equally many who was there longest, and each one’s oldest first', () => {
  const held = new ByHolder()
  for (const [token, by] of ['a1 a', 'b1 b', 'c1 c', 'a2 a', 'b2 b'].map(pair => pair.split(' ')))
    held.put(token ?? '', by ?? '')
  assert.deepEqual(
    [...held.byMost()].map(tokens => [...tokens]),
    [['a1', 'a2'], ['b1', 'b2'], ['c1']],
  )
  held.put('a1', 'a')
  assert.deepEqual(
    [...held.byMost()].map(tokens => [...tokens]),
    [['b1', 'b2'], ['a2', 'a1'], ['c1']],
  )
  assert.equal(held.delete('b1'), 'b')
  assert.equal(held.delete('b1'), undefined)
  assert.deepEqual(
    [...held.byMost()].map(tokens => [...tokens]),
    [['a2', 'a1'], ['c1'], ['b2']],
  )
  assert.deepEqual([held.size, held.holders], [4, 3])
})

test('after any changes it is as if all were counted anew', t => {
  t.diagnostic(`seed ${SEED}`)
  const random = seededRandom(SEED)
  const held = new ByHolder()
  const all = new Map<string, string>()
  for (let step = 0; step < 20_000; step += 1) {
    const token = `t${Math.floor(random() * 200)}`
    const by = `h${Math.floor(random() ** 3 * 20)}`
    if (random() < 0.6) {
      held.put(token, by)
      all.set(token, by)
    } else {
      assert.equal(held.delete(token), all.get(token))
      all.delete(token)
    }
  }
  const sizes = [...Map.groupBy(all, ([, by]) => by).values()].map(tokens => tokens.length)
  const told = [...held.byMost()].map(tokens => tokens.size)
  assert.deepEqual(
    told,
    sizes.toSorted((one, other) => other - one),
  )
  assert.deepEqual(new Set([...held.byMost()].flatMap(tokens => [...tokens])), new Set(all.keys()))
  assert.deepEqual([held.size, held.holders], [all.size, sizes.length])
})
