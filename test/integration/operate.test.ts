// An operator at the command line: breakers and replicas of a running router, listed and changed.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { modernCall, servedBy } from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'

const one = await startScripted({ name: 'one' })
const two = await startScripted({ name: 'two' })
const router = await runRouter(
  documents(clusterOf('tools', [one.url, two.url]), serverOf('default', ['tools'])),
)
await router.untilUp('tools', 2)

after(async () => {
  await router.close()
  await Promise.all([one.close(), two.close()])
})

const MAIN = join(import.meta.dirname, '../../control-plane/cli/main.ts')
const run = promisify(execFile)

async function ringmain(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await run(
    process.execPath,
    [MAIN, ...args, '--server', router.adminUrl],
    { env: { PATH: process.env['PATH'], COLUMNS: '200' } },
  )
  return stdout + stderr
}

const keyOf = async (port: number): Promise<string> => {
  const { items } = await router.clusters()
  const found = items[0]?.endpoints.find(({ url }) => url.includes(`:${port}`))
  return found?.key ?? assert.fail('it is not known')
}

async function served(): Promise<ReadonlySet<string | undefined>> {
  const by = new Set<string | undefined>()
  for (let count = 0; count < 20; count += 1)
    by.add(servedBy(await modernCall(router.mcpUrl, 'echo', {})))
  return by
}

test('a drained replica gets no new call, is listed with the reason, and is ready when told so', async () => {
  const key = await keyOf(one.port)
  await ringmain('replicas', 'drain', 'tools', key, '--for', '10m', '--reason', 'a full disk')
  assert.deepEqual(await served(), new Set(['two']))
  const listed = await ringmain('replicas', 'list', '-o', 'wide')
  assert.match(listed, /drained by hand: a full disk/)
  assert.match(listed, /draining for \d.* more: a full disk/)
  assert.match(await ringmain('replicas', 'list'), /BY HAND/)
  const json = await ringmain('replicas', 'ready', 'tools', key, '-o', 'json')
  assert.deepEqual(JSON.parse(json), {
    apiVersion: 'ringmain/v1',
    kind: 'DecisionList',
    items: [{ cluster: 'tools', replica: key, action: 'ready' }],
  })
  assert.doesNotMatch(await ringmain('replicas', 'list', '-o', 'wide'), /a full disk/)
  const told = router.lines.filter(({ event }) => event === 'router.override')
  assert.deepEqual(
    told.map(({ action }) => action),
    ['drain', 'ready'],
  )
})

test('a breaker that is forced open keeps calls away, and is shown until it is reset', async () => {
  const key = await keyOf(two.port)
  await ringmain('breakers', 'force-open', 'tools', key)
  assert.deepEqual(await served(), new Set(['one']))
  assert.match(await ringmain('breakers', 'list'), /open \(forced\).*held open by hand/)
  const got = JSON.parse(await ringmain('breakers', 'get', 'tools', key, '-o', 'json')) as {
    readonly items: readonly object[]
  }
  assert.equal(got.items.length, 1)
  await ringmain('breakers', 'reset', 'tools', key)
  assert.match(await ringmain('breakers', 'get', 'tools', key), /closed/)
})

test('what the router refuses is a failure in its words', async () => {
  await assert.rejects(ringmain('breakers', 'reset', 'tools', 'nobody'), {
    code: 1,
    stderr: /tools has no replica nobody/,
  })
  await assert.rejects(ringmain('replicas', 'drain', 'tools', 'x', '--reason', 'no time'), {
    code: 64,
  })
})
