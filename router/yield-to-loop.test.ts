// The threads that collect garbage count less than the loop.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'

const SCRIPT = `
  import { readdirSync, readFileSync } from 'node:fs'
  import { getPriority } from 'node:os'
  import { yieldToLoop } from '${new URL('./yield-to-loop.ts', import.meta.url).href}'
  const told = process.argv[1] === 'yield' ? yieldToLoop() : 0
  const threads = readdirSync('/proc/self/task').map(id => ({
    name: readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim(),
    nice: getPriority(Number(id)),
  }))
  console.log(JSON.stringify({ told, threads }))
`

interface Seen {
  readonly told: number
  readonly threads: readonly { readonly name: string; readonly nice: number }[]
}

const see = (word: string): Seen =>
  JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--eval', SCRIPT, word], {
      encoding: 'utf8',
    }),
  ) as Seen

test('every helper thread of V8 yields, and no other thread', {
  skip: process.platform === 'linux' ? false : 'threads have no priority of their own here',
}, () => {
  const isHelper = ({ name }: { readonly name: string }): boolean => name.includes('V8Worker')
  const before = see('no')
  const usual = before.threads[0]?.nice
  assert.ok(before.threads.filter(isHelper).length > 0, JSON.stringify(before.threads))
  assert.deepEqual(new Set(before.threads.map(({ nice }) => nice)), new Set([usual]))

  const { told, threads } = see('yield')
  assert.equal(told, threads.filter(isHelper).length)
  assert.ok(threads.filter(isHelper).every(({ nice }) => nice === 5))
  assert.ok(threads.filter(thread => !isHelper(thread)).every(({ nice }) => nice === usual))
})
