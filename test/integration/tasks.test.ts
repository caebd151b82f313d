// Tasks through routers: whoever is asked of one, on whichever router, it is the replica that made it, and the caller sees nothing of that.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  answerOf,
  modernRequest,
  problemOf,
  type RawAnswer,
  rawRequest,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import { startTasksServer, type TasksServer } from '#test/support/tasks-server.ts'

const replicas = await Promise.all([startTasksServer(), startTasksServer()])
const other = await startTasksServer()
const state = mkdtempSync(join(tmpdir(), 'ringmain-tasks-'))
const mesh = documents(
  clusterOf(
    'jobs',
    replicas.map(({ url }) => url),
    { health: { interval: '200ms', timeout: '1s', rise: 1, fall: 1 } },
  ),
  clusterOf('more', [other.url]),
  serverOf('default', ['jobs']),
  serverOf('both', ['jobs', 'more']),
)
const routers = [await runRouter(mesh, { state }), await runRouter(mesh, { state })] as const
for (const router of routers) await router.untilUp('jobs', 2)
after(async () => {
  await Promise.all(routers.map(router => router.close()))
  await Promise.all([...replicas, other].map(server => server.close()))
  rmSync(state, { recursive: true, force: true })
})

const KNOWS = {
  'io.modelcontextprotocol/clientCapabilities': {
    elicitation: {},
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  },
}

/** At the first router, or at the second. */
const ask = (
  at: 0 | 1,
  method: string,
  params: Record<string, unknown>,
  {
    path = '',
    meta = KNOWS,
  }: { readonly path?: string; readonly meta?: Readonly<Record<string, unknown>> } = {},
): Promise<RawAnswer> =>
  rawRequest(`${routers[at].mcpUrl}${path}`, modernRequest(method, params, { meta }))

const resultOf = (answer: RawAnswer): Readonly<Record<string, unknown>> =>
  answerOf(answer).result ?? assert.fail(answer.body.toString())

async function begun(name: string, how: { readonly path?: string } = {}): Promise<string> {
  const made = resultOf(
    await ask(0, 'tools/call', { name, arguments: { seconds: 60, filename: 'a' } }, how),
  )
  assert.equal(made['resultType'], 'task')
  return String(made['taskId'])
}

const asksOf = (server: TasksServer): number => server.asked.length

for (const [path, tool] of [
  ['', 'confirm_delete'],
  ['/both', 'jobs__confirm_delete'],
] as const)
  test(`a task at "${path}" is asked of, answered and cancelled at another router`, async () => {
    const how = { path }
    for (let turn = 0; turn < 6; turn += 1) {
      const taskId = await begun(tool, how)
      const before = replicas.map(asksOf)
      const shown = resultOf(await ask(1, 'tasks/get', { taskId }, how))
      assert.deepEqual([shown['taskId'], shown['status']], [taskId, 'input_required'])
      const inputResponses = { confirm: { action: 'accept', content: { confirm: true } } }
      assert.deepEqual(resultOf(await ask(1, 'tasks/update', { taskId, inputResponses }, how)), {
        resultType: 'complete',
      })
      const done = resultOf(await ask(0, 'tasks/get', { taskId }, how))
      assert.deepEqual([done['taskId'], done['status']], [taskId, 'completed'])
      await ask(1, 'tasks/cancel', { taskId }, how)
      const asks = replicas.map((server, at) => asksOf(server) - (before[at] ?? 0))
      assert.deepEqual(
        asks.toSorted((a, b) => a - b),
        [0, 4],
        'the replica that made it, each time',
      )
    }
    assert.equal(asksOf(other), 0)
  })

test('an id that no router gave out for this server is no task of it, and asks nobody', async () => {
  const taskId = await begun('slow_compute')
  const before = replicas.map(asksOf)
  for (const [id, path] of [
    ['t1', ''],
    [taskId, '/both'],
    [`${taskId}A`, ''],
  ] as const) {
    const answer = await ask(0, 'tasks/get', { taskId: id }, { path })
    assert.equal(answerOf(answer).error?.code, -32_602)
  }
  assert.deepEqual(replicas.map(asksOf), before)
})

test('who has not said that it knows tasks is told what is missing, and asks nobody', async () => {
  const taskId = await begun('slow_compute')
  const before = replicas.map(asksOf)
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    const answer = await ask(0, method, { taskId }, { meta: {} })
    assert.equal(answer.status, 400)
    const { code, data } = answerOf(answer).error ?? assert.fail('no error')
    assert.equal(code, -32_021)
    assert.equal(problemOf(answer)?.code, 'RINGMAIN_CAPABILITY_MISSING')
    assert.deepEqual((data as { requiredCapabilities: unknown }).requiredCapabilities, {
      extensions: { 'io.modelcontextprotocol/tasks': {} },
    })
  }
  assert.deepEqual(replicas.map(asksOf), before)
})

test('of a task whose replica is down nobody else is asked, who would say that there is none', async () => {
  const taskId = await begun('slow_compute')
  const before = replicas.map(asksOf)
  await ask(1, 'tasks/get', { taskId })
  const holder = replicas.find((server, at) => asksOf(server) !== before[at])
  await (holder ?? assert.fail('nobody was asked')).close()
  await routers[1].untilUp('jobs', 1)
  const answer = await ask(1, 'tasks/get', { taskId })
  const problem = problemOf(answer)
  assert.deepEqual([problem?.code, problem?.executed], ['RINGMAIN_NO_HEALTHY_REPLICA', 'no'])
  assert.match(problem?.says ?? '', /The replica that holds the task cannot be asked now/)
  const next = await begun('slow_compute')
  assert.equal(resultOf(await ask(1, 'tasks/get', { taskId: next }))['taskId'], next)
})
