// One virtual server of 100 clusters with 100 tools each: what its list costs. The first is bounded by the slowest tool server and not by
// their sum; after that it comes from the cache, page by page.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { modernRequest, type RawRequest, rawRequest } from '#test/support/raw-http.ts'
import { startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { type SteadyAnswer, SteadyReader } from '#test/support/steady-reader.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'

const CLUSTERS = 100
const TOOLS = 100
const SLOWEST_MS = 500
const OTHERS_MS = 50
/** The slowest, and what asking a hundred servers and reading ten thousand definitions takes. */
const FIRST_MS = 1_500
const PAGE_P99_MS = 5
/** Whole lists that are read before it counts, and then. */
const WARM = 20
const READS = 100
/** A tool of the field: half a kilobyte of description and schema. */
const DESCRIPTION = 'What it does, for whom, and what it needs for that. '.repeat(5)

const names = Array.from({ length: CLUSTERS }, (_, at) => `c${String(at).padStart(2, '0')}`)

interface Tools {
  readonly url: (cluster: string) => string
  /** From now on lists take their time. */
  isSlow: boolean
}

/** All tool servers in one process, a path each. */
async function startTools(story: Story): Promise<Tools> {
  const tools = Array.from({ length: TOOLS }, (_, at) => ({
    name: `tool_${at}`,
    description: DESCRIPTION,
    inputSchema: {
      type: 'object',
      properties: { id: { type: 'string' }, limit: { type: 'integer' } },
    },
  }))
  const stamp = { resultType: 'complete', ttlMs: 600_000, cacheScope: 'public' }
  const results: Readonly<Record<string, object>> = {
    'server/discover': { supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ...stamp },
    'tools/list': { tools, ...stamp },
  }
  const server = createServer((asked, response) => {
    let body = ''
    asked.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    asked.on('end', () => {
      const { id, method } = JSON.parse(body || '{}') as { id?: unknown; method?: string }
      const result = results[method ?? '']
      const error = { code: -32_601, message: 'no such method' }
      const answer = (): void =>
        void response
          .writeHead(result === undefined ? 404 : 200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, ...(result ? { result } : { error }) }))
      const isSlowest = asked.url?.startsWith('/c42/') === true
      if (!running.isSlow || method !== 'tools/list') answer()
      else void pause(isSlowest ? SLOWEST_MS : OTHERS_MS).then(answer)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  story.later(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const running: Tools = {
    url: cluster => `http://127.0.0.1:${port}/${cluster}/mcp`,
    isSlow: false,
  }
  return running
}

interface Read {
  readonly tools: number
  readonly pageMs: readonly number[]
  readonly bytes: number
}

interface Page extends SteadyAnswer {
  readonly tools: number
}

const NEXT = /"nextCursor":"([\w-]+)"/
const NAME = /"name":"c\d\d__tool_/g
const asking = (cursor: string | undefined): RawRequest =>
  modernRequest('tools/list', cursor === undefined ? {} : { cursor })

/** The whole list, page by page. */
async function readAll(page: (asked: RawRequest) => Promise<Page>): Promise<Read> {
  const pageMs: number[] = []
  let [tools, bytes] = [0, 0]
  let cursor: string | undefined
  do {
    const read = await page(asking(cursor))
    pageMs.push(read.ms)
    tools += read.tools
    bytes += read.bytes
    cursor = NEXT.exec(read.end)?.[1]
  } while (cursor !== undefined)
  return { tools, pageMs, bytes }
}

const counted =
  (url: string) =>
  async (asked: RawRequest): Promise<Page> => {
    const beganMs = performance.now()
    const end = (await rawRequest(url, asked)).body.toString()
    const ms = performance.now() - beganMs
    return { bytes: Buffer.byteLength(end), ms, tools: end.match(NAME)?.length ?? 0, end }
  }

await tellStory(`${CLUSTERS} clusters of ${TOOLS} tools in one virtual server`, async story => {
  const tools = await startTools(story)
  const router = await startRouterProcess(
    documents(
      ...names.map(name => clusterOf(name, [tools.url(name)], { health: { interval: '1h' } })),
      serverOf('default', names),
    ),
  )
  story.later(router.close)
  for (const name of names) await router.untilUp(name, 1)
  tools.isSlow = true
  const first = await readAll(counted(router.mcpUrl))
  const [firstMs = Number.POSITIVE_INFINITY] = first.pageMs
  story.hold('tools that are listed', String(first.tools), first.tools === CLUSTERS * TOOLS)
  story.hold(
    `the first page, of which the slowest server takes ${ms(SLOWEST_MS)} and the others ${ms(OTHERS_MS * (CLUSTERS - 1) + SLOWEST_MS)} together`,
    ms(firstMs),
    firstMs >= SLOWEST_MS && firstMs <= FIRST_MS,
  )
  const all: number[] = []
  const wholes: number[] = []
  for (let count = -WARM; count < READS; count += 1) {
    const reader = new SteadyReader(router.mcpUrl) // the router ends connections after a thousand requests
    await reader.open()
    const { pageMs } = await readAll(async asked => ({ ...(await reader.ask(asked)), tools: 0 }))
    reader.close()
    if (count < 0) continue
    all.push(...pageMs)
    wholes.push(pageMs.reduce((sum, one) => sum + one, 0))
  }
  const at = (values: readonly number[], share: number): number =>
    values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? 0
  story.tell(
    'of a whole list',
    `${first.pageMs.length} pages, ${Math.round(first.bytes / 1_024)} KiB`,
  )
  story.tell('a page from the cache, p50', ms(at(all, 0.5)))
  story.hold(
    `a page from the cache, p99 of ${all.length}`,
    ms(at(all, 0.99)),
    at(all, 0.99) < PAGE_P99_MS,
  )
  story.tell('a whole list from the cache, p50', ms(at(wholes, 0.5)))
})
