// Tool servers whose lists are too long, never end, go round in a circle or hold what is no tool, beside a good one: what can be shown is
// shown, who gave nothing is named, and calls go on.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  answerWith,
  beginStream,
  goodTool,
  type HostileAnswer,
  type HostileServer,
  startHostile,
} from '#test/support/hostile-server.ts'
import {
  answerOf,
  legacyRequest,
  modernCall,
  modernRequest,
  rawRequest,
} from '#test/support/raw-http.ts'
import {
  clusterOf,
  documents,
  type RunningRouter,
  runRouter,
  serverOf,
} from '#test/support/running-router.ts'

interface Scene {
  readonly running: RunningRouter
  readonly server: HostileServer
}

/** The bad one comes first in the document, so that what it does to the list would show. */
async function beside(t: TestContext, list: HostileAnswer): Promise<Scene> {
  const server = await startHostile({ 'tools/list': list })
  const good = await startHostile()
  const health = { health: { interval: '1h', timeout: '5s', rise: 1, fall: 1 } }
  const running = await runRouter(
    documents(
      clusterOf('bad', [server.url], health),
      clusterOf('good', [good.url], health),
      serverOf('default', ['bad', 'good']),
    ),
  )
  t.after(async () => {
    await running.close()
    await Promise.all([server.close(), good.close()])
  })
  await running.untilUp('bad', 1)
  await running.untilUp('good', 1)
  return { running, server }
}

interface Listed {
  readonly names: readonly string[]
  readonly unavailable: readonly string[]
  readonly pages: number
}

/** All pages, as a caller reads them. */
async function listed(
  { mcpUrl }: RunningRouter,
  request: typeof modernRequest | typeof legacyRequest = modernRequest,
): Promise<Listed> {
  const names: string[] = []
  const unavailable = new Set<string>()
  let cursor: unknown
  for (let pages = 1; ; pages += 1) {
    const params = cursor === undefined ? {} : { cursor }
    const { result, error } = answerOf(await rawRequest(mcpUrl, request('tools/list', params)))
    assert.equal(error, undefined, JSON.stringify(error))
    const tools = (result?.['tools'] ?? []) as readonly { readonly name: string }[]
    names.push(...tools.map(({ name }) => name))
    const meta = result?.['_meta'] as Readonly<Record<string, readonly string[]>> | undefined
    for (const cluster of meta?.['dev.ringmain/unavailable'] ?? []) unavailable.add(cluster)
    cursor = result?.['nextCursor']
    if (cursor === undefined) return { names, unavailable: [...unavailable], pages }
  }
}

const GOOD = 'good__echo'
const callsGoOn = async ({ running }: Scene): Promise<void> => {
  for (const name of ['bad__echo', GOOD]) {
    const answer = answerOf(await modernCall(running.mcpUrl, name))
    assert.equal((answer.result?.['content'] as unknown[] | undefined)?.length, 1, name)
  }
}

const someTools = (from: number, count: number): readonly object[] =>
  Array.from({ length: count }, (_, index) => goodTool(`t${from + index}`))

/** A page that says where the next begins. */
const page =
  (answer: (at: number) => readonly [tools: readonly unknown[], next: string | undefined]) =>
  (asked: Parameters<HostileAnswer>[0], response: Parameters<HostileAnswer>[1]): void => {
    const [list, nextCursor] = answer(Number(asked.params['cursor'] ?? 0))
    answerWith(asked, response, {
      tools: list,
      ...(nextCursor === undefined ? {} : { nextCursor }),
    })
  }

const NO_LIST: Readonly<Record<string, HostileAnswer>> = {
  'ten thousand tools on one page': (asked, response) =>
    answerWith(asked, response, { tools: someTools(0, 10_000) }),
  'a page of many megabytes': (asked, response) =>
    answerWith(asked, response, {
      tools: [{ ...goodTool('large'), description: 'x'.repeat(8_000_000) }],
    }),
  'an event that never ends': (_asked, response) => {
    beginStream(response)
    const pour = (): void => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
      response.once('drain', pour)
    }
    pour()
  },
  'no list in it': (asked, response) => answerWith(asked, response, { tools: { echo: {} } }),
  'a result that is a list': (asked, response) => answerWith(asked, response, [goodTool('echo')]),
  'another id': ({ id }, response) =>
    answerWith({ id: `${String(id)}0` } as Parameters<HostileAnswer>[0], response, {
      tools: [goodTool('echo')],
    }),
  'a cursor of a megabyte': (asked, response) =>
    answerWith(asked, response, { tools: [goodTool('echo')], nextCursor: 'c'.repeat(900_000) }),
}

for (const [what, list] of Object.entries(NO_LIST))
  test(`${what}: the other list is shown, its cluster is named, and its calls go on`, async t => {
    const scene = await beside(t, list)
    for (const request of [modernRequest, legacyRequest])
      assert.deepEqual(await listed(scene.running, request), {
        names: [GOOD],
        unavailable: ['bad'],
        pages: 1,
      })
    await callsGoOn(scene)
  })

test('ten thousand tools on many pages are read to their end, each once', async t => {
  const scene = await beside(
    t,
    page(at => [someTools(at, 500), at + 500 < 10_000 ? String(at + 500) : undefined]),
  )
  const { names, unavailable } = await listed(scene.running)
  assert.deepEqual([names.length, new Set(names).size, unavailable], [10_001, 10_001, []])
  await callsGoOn(scene)
})

test('a list that goes round in a circle ends', async t => {
  const scene = await beside(
    t,
    page(at => [someTools(at, 1), String(1 - at)]),
  )
  const { names, unavailable, pages } = await listed(scene.running)
  assert.deepEqual(unavailable, ['bad'])
  assert.ok(pages > 2 && pages <= 201, String(pages))
  assert.ok(names.includes(GOOD))
  assert.ok(scene.server.asked('tools/list') < 500)
  await callsGoOn(scene)
})

test('a page that names itself as the next is the last one', async t => {
  const scene = await beside(
    t,
    page(at => [someTools(at, 1), '1']),
  )
  const { names } = await listed(scene.running)
  assert.deepEqual(names.toSorted(), ['bad__t0', 'bad__t1', GOOD])
  await callsGoOn(scene)
})

test('one bad definition hides only itself', async t => {
  let deep: unknown = {}
  for (let depth = 0; depth < 5_000; depth += 1) deep = { a: deep }
  const bad = [
    null,
    'echo',
    {},
    { name: 7, inputSchema: { type: 'object' } },
    { name: 'none' },
    { ...goodTool('null'), description: null },
    { name: 'array', inputSchema: { type: 'array' } },
    { ...goodTool('mirror'), inputSchema: { type: 'object', 'x-mcp-header': 'A' } },
  ]
  const scene = await beside(
    t,
    page(() => [
      [goodTool('first'), ...bad, { ...goodTool('deep'), deep }, goodTool('echo')],
      undefined,
    ]),
  )
  for (const request of [modernRequest, legacyRequest])
    assert.deepEqual(await listed(scene.running, request), {
      names: ['bad__first', 'bad__echo', GOOD],
      unavailable: [],
      pages: 1,
    })
  await callsGoOn(scene)
})

test('a definition that is left out is told, without what its name does to a terminal', async t => {
  const scene = await beside(
    t,
    page(() => [
      [{ ...goodTool('\u001b[2J\nlevel=error'), description: 5 }, goodTool('echo')],
      undefined,
    ]),
  )
  await listed(scene.running)
  const told = scene.running.lines.find(line => line['event'] === 'lists.left_out')
  assert.deepEqual(told?.['named'], ['level=error: no client reads its description'])
  assert.doesNotMatch(JSON.stringify(scene.running.lines), /\\u001b|\\n/)
  await callsGoOn(scene)
})
