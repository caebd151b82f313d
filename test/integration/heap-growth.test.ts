// How far a router's heap may grow before V8 looks through all of it: by what lives, whatever V8 thinks of its speed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'

/** So small a heap at first that V8 collects while a router starts; and it tells of it. */
const FLAGS = ['--trace-gc-verbose', '--initial-heap-size=8']
const FACTOR = /\[HeapController\] factor ([0-9.]+) based on /g

test('the heap of a router may grow to three times what lives', async t => {
  const router = await startRouterProcess(
    documents(clusterOf('tools', ['http://127.0.0.1:1']), serverOf('default', ['tools'])),
    { flags: FLAGS },
  )
  t.after(router.close)
  router.kill('SIGTERM')
  await router.exited
  const factors = [...router.stdout().matchAll(FACTOR)].map(([, factor]) => factor)
  assert.notEqual(factors.length, 0, 'V8 told of no collection')
  assert.equal(factors.at(-1), '3.0', factors.join())
})
