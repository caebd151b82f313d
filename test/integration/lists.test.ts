// One list out of three clusters: in the document's order, page by page, with cursors that only fit where they were given out.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  answerOf,
  legacyRequest,
  modernRequest,
  openSession,
  type RpcMessage,
  rawRequest,
} from '#test/support/raw-http.ts'
import {
  clusterOf,
  documents,
  type RunningRouter,
  runRouter,
  serverOf,
} from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { sdkClients } from '#test/support/sdk-clients.ts'
import { until } from '#test/support/until.ts'

const tools = (letter: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`)

const zeta = await startScripted({ name: 'zeta', tools: tools('z', 5), pageSize: 2 })
const alpha = await startScripted({ name: 'alpha', tools: tools('a', 1), isSessionful: true })
const mid = await startScripted({ name: 'mid', tools: tools('m', 4), pageSize: 3 })
const all = documents(
  clusterOf('zeta', [zeta.url]),
  clusterOf('alpha', [alpha.url]),
  clusterOf('mid', [mid.url]),
  serverOf('default', ['zeta', 'alpha', 'mid']),
  serverOf('other', ['zeta', 'mid']),
  serverOf('plain', ['mid', 'zeta'], { naming: 'plain' }),
  serverOf('prefixed', ['zeta'], {
    clusters: [{ cluster: 'zeta', prefix: 'zz' }],
    naming: 'prefix',
  }),
)
const router = await runRouter(all)

after(async () => {
  await router.close()
  await Promise.all([zeta, alpha, mid].map(server => server.close()))
})

type List = (cursor?: string, path?: string) => Promise<RpcMessage>

const modernList: List = async (cursor, path = '') =>
  answerOf(
    await rawRequest(
      router.mcpUrl + path,
      modernRequest('tools/list', cursor === undefined ? {} : { cursor }),
    ),
  )
const legacyList: List = async (cursor, path = '') =>
  answerOf(
    await rawRequest(
      router.mcpUrl + path,
      legacyRequest('tools/list', cursor === undefined ? {} : { cursor }),
    ),
  )
const sessionList: List = async (cursor, path = '') => {
  const session = await openSession(router.mcpUrl + path)
  const params = cursor === undefined ? {} : { cursor }
  return answerOf(
    await rawRequest(router.mcpUrl + path, legacyRequest('tools/list', params, { session })),
  )
}

const namesIn = (page: RpcMessage): readonly string[] =>
  ((page.result ?? {})['tools'] as readonly { readonly name: string }[]).map(({ name }) => name)
const cursorIn = (page: RpcMessage): string | undefined =>
  page.result?.['nextCursor'] as string | undefined

const EXPECTED_PAGES = [
  ['zeta__z1', 'zeta__z2', 'alpha__a1', 'mid__m1', 'mid__m2', 'mid__m3'],
  ['zeta__z3', 'zeta__z4', 'mid__m4'],
  ['zeta__z5'],
]

for (const [who, list] of Object.entries({ modernList, legacyList, sessionList })) {
  test(`${who}: pages join the clusters in the document's order, and every tool comes once`, async () => {
    const pages: (readonly string[])[] = []
    let cursor: string | undefined
    do {
      const page = await list(cursor)
      pages.push(namesIn(page))
      cursor = cursorIn(page)
    } while (cursor !== undefined)
    assert.deepEqual(pages, EXPECTED_PAGES)
  })

  test(`${who}: a cursor fits only the virtual server that gave it, and only unchanged`, async () => {
    const cursor = cursorIn(await list()) ?? assert.fail('no cursor')
    const flipped =
      cursor.slice(0, -2) + (cursor.at(-2) === 'A' ? 'B' : 'A') + (cursor.at(-1) ?? '')
    const wrong = [
      await list(cursor, '/other'),
      await list(flipped),
      await list(''),
      await list('from-2'),
      await list(`${cursor}=`),
    ]
    for (const page of wrong) assert.equal(page.error?.code, -32602)
  })
}

test('a cursor that is no text is refused', async () => {
  const answer = await rawRequest(router.mcpUrl, modernRequest('tools/list', { cursor: 7 }))
  assert.equal(answerOf(answer).error?.code, -32602)
})

test('a modern list says for whom and how long it holds, a legacy one says nothing of the kind', async () => {
  const modern = (await modernList()).result
  assert.equal(modern?.['resultType'], 'complete')
  assert.equal(modern?.['cacheScope'], 'private')
  const ttlMs = Number(modern?.['ttlMs'])
  assert.ok(ttlMs >= 0 && ttlMs <= 1_000, String(ttlMs))
  const legacy = (await legacyList()).result ?? {}
  for (const key of ['resultType', 'cacheScope', 'ttlMs', '_meta'])
    assert.equal(key in legacy, false, key)
})

test('names are plain or prefixed as the document says', async () => {
  assert.deepEqual(namesIn(await modernList(undefined, '/plain')), ['m1', 'm2', 'm3', 'z1', 'z2'])
  assert.deepEqual(namesIn(await modernList(undefined, '/prefixed')), ['zz__z1', 'zz__z2'])
})

test('the official clients walk the pages themselves', async () => {
  for (const [label, connect] of Object.entries(sdkClients)) {
    const client = await connect(router.mcpUrl)
    const names: string[] = []
    let cursor: string | undefined
    do {
      const page = await client.list(cursor)
      names.push(...page.tools.map(({ name }) => name))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    assert.deepEqual(names.toSorted(), EXPECTED_PAGES.flat().toSorted(), label)
    await client.close()
  }
})

test('a list in a session asks the replica through that session and opens no other', async () => {
  const session = await openSession(router.mcpUrl)
  const opened = alpha.opened()
  const before = alpha.requests.length
  await rawRequest(router.mcpUrl, legacyRequest('tools/list', {}, { session }))
  const asked = alpha.requests.slice(before).filter(({ method }) => method === 'tools/list')
  assert.equal(asked.length, 1)
  assert.ok(alpha.sessions.has(String(asked[0]?.headers['mcp-session-id'])))
  assert.equal(alpha.opened(), opened)
})

async function withoutMid(work: (running: RunningRouter) => Promise<void>): Promise<void> {
  const gone = await startScripted({ name: 'mid', tools: tools('m', 1) })
  const running = await runRouter(
    documents(
      clusterOf('zeta', [zeta.url]),
      clusterOf('mid', [gone.url]),
      serverOf('default', ['zeta', 'mid']),
      serverOf('mid', ['mid']),
    ),
  )
  await gone.close()
  try {
    await work(running)
  } finally {
    await running.close()
  }
}

test('a cluster that cannot be asked is named in the list, and alone it is an error', async () => {
  await withoutMid(async running => {
    const page = answerOf(await rawRequest(running.mcpUrl, modernRequest('tools/list')))
    assert.deepEqual(namesIn(page), ['zeta__z1', 'zeta__z2'])
    const meta = page.result?.['_meta'] as Record<string, unknown>
    assert.deepEqual(meta['dev.ringmain/unavailable'], ['mid'])
    const alone = answerOf(await rawRequest(`${running.mcpUrl}/mid`, modernRequest('tools/list')))
    assert.equal(alone.error?.code, -31953)
    assert.match(alone.error?.message ?? '', /\bmid\b/)
  })
})

test('a replica that is gone costs a list nothing while another of its cluster answers', async t => {
  const one = await startScripted({ name: 'one', tools: ['t'] })
  const two = await startScripted({ name: 'two', tools: ['t'] })
  const running = await runRouter(
    documents(
      clusterOf('pair', [one.url, two.url], {
        health: { interval: '1h', timeout: '1s' },
        lists: { minTtl: '0ms' }, // or one of them would be asked for all
      }),
      serverOf('default', ['pair']),
    ),
  )
  t.after(() => Promise.all([running.close(), two.close()]))
  await running.untilUp('pair', 2)
  await one.close()
  for (let turn = 0; turn < 20; turn += 1) {
    const page = answerOf(await rawRequest(running.mcpUrl, modernRequest('tools/list')))
    assert.deepEqual(namesIn(page), ['t'])
  }
  await until('the gone one to be seen', async () =>
    (await running.clusters()).items[0]?.endpoints.some(({ health }) => health === 'down'),
  )
})

test('many callers of one list are one question to each cluster', async t => {
  const one = await startScripted({ name: 'one', tools: ['t'] })
  const two = await startScripted({ name: 'two', tools: ['u'] })
  const lists = { minTtl: '1h', maxTtl: '1h' }
  const running = await runRouter(
    documents(
      clusterOf('one', [one.url], { lists }),
      clusterOf('two', [two.url], { lists }),
      serverOf('default', ['one', 'two']),
    ),
  )
  t.after(() => Promise.all([running.close(), one.close(), two.close()]))
  const asked = (): number =>
    [one, two].flatMap(({ requests }) => requests).filter(({ method }) => method === 'tools/list')
      .length
  const before = asked()
  const pages = await Promise.all(
    Array.from({ length: 20 }, () => rawRequest(running.mcpUrl, modernRequest('tools/list'))),
  )
  for (const page of pages) assert.deepEqual(namesIn(answerOf(page)), ['one__t', 'two__u'])
  assert.ok(asked() - before <= 4, String(asked() - before)) // two, and what checks may ask meanwhile
})
