// What a bench run takes and what it refuses, in words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Options, readOptions } from './options.ts'
import { ARM_NAMES } from './slices.ts'

const read = (...words: readonly string[]): Options => {
  const result = readOptions(words, () => 4)
  if ('problem' in result) throw new Error(result.problem)
  return result.options
}

const problem = (...words: readonly string[]): string => {
  const result = readOptions(words, () => 4)
  return 'problem' in result ? result.problem : 'taken'
}

test('without words it compares every arm in nine rounds of three starts', () => {
  assert.deepEqual(read(), {
    mode: 'compare',
    isQuick: false,
    arms: ARM_NAMES,
    connections: [1, 16, 64],
    rounds: 9,
    restarts: 3,
    seconds: 2,
    seed: 4,
    json: undefined,
  })
})

test('words change what they name', () => {
  const words =
    '--arms floor,router --connections 16 --rounds 4 --restarts 2 --seconds 3 --seed 9 --json a.json'
  const options = read(...words.split(' '))
  assert.deepEqual(options.arms, ['floor', 'router'])
  assert.deepEqual(options.connections, [16])
  const { rounds, restarts, seconds, seed, json } = options
  assert.deepEqual([rounds, restarts, seconds, seed, json], [4, 2, 3, 9, 'a.json'])
})

test('a profile is of the router unless the floor is named', () => {
  assert.deepEqual(read('--profile').arms, ['router'])
  assert.deepEqual(read('--profile', '--arms', 'floor').arms, ['floor'])
})

test('an option that cannot apply is refused', () => {
  const refused: readonly (readonly [words: string, why: RegExp])[] = [
    ['--quick --rounds 5', /--quick cannot be combined with --rounds/],
    ['--quick --seconds 1 --restarts 2', /with --restarts, --seconds/],
    ['--profile --quick', /--profile cannot be combined with --quick/],
    ['--profile --json a.json', /with --json/],
    ['--profile --arms haproxy', /takes one arm that is a Node program: router or floor/],
    ['--profile --connections 1,16', /one number of connections/],
    ['--rounds 2', /--restarts 3 needs at least as many rounds; there are 2/],
    ['--arms router', /a ratio needs two/],
  ]
  for (const [words, why] of refused) assert.match(problem(...words.split(' ')), why)
})

test('a word that says nothing is refused with what there is', () => {
  assert.match(problem('--arms', 'envoy,router'), /no arm "envoy"; there are direct, nginx/)
  assert.match(problem('--arms', 'router,router'), /names router twice/)
  assert.match(problem('--rounds', 'many'), /--rounds must be a whole number from 1 to 100/)
  assert.match(problem('--connections', '16,0'), /--connections must be a whole number/)
  assert.match(problem('--faster'), /faster/)
  assert.match(problem('router'), /router/)
})
