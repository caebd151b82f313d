// One virtual server of 100 clusters with 100 tools each: what its list costs. The first is bounded by the slowest tool server and not by
// their sum; after that it comes from the cache, page by page.
import { once } from 'node:events'
import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { modernRequest, rawRequest } from '#test/support/raw-http.ts'
import { startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
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
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      const { id, method } = JSON.parse(body || '{}') as { id?: unknown; method?: string }
      const result = results[method ?? '']
      const error = { code: -32_601, message: 'no such method' }
      const answer = (): void =>
        void response
          .writeHead(result === undefined ? 404 : 200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ jsonrpc: '2.0', id, ...(result ? { result } : { error }) }))
      const isSlowest = request.url?.startsWith('/c42/') === true
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

const NEXT = /"nextCursor":"([\w-]+)"/
const NAME = /"name":"c\d\d__tool_/g

/** Looks at the bytes alone: whoever parses ten thousand definitions measures himself. */
async function readAll(url: string, agent: Agent): Promise<Read> {
  const pageMs: number[] = []
  const bodies: Buffer[] = []
  let cursor: string | undefined
  do {
    const request = modernRequest('tools/list', cursor === undefined ? {} : { cursor }, { agent })
    const began = performance.now()
    const { body } = await rawRequest(url, request)
    pageMs.push(performance.now() - began)
    bodies.push(body)
    cursor = NEXT.exec(body.toString('latin1', Math.max(0, body.length - 65_536)))?.[1]
  } while (cursor !== undefined)
  const bytes = bodies.reduce((sum, { length }) => sum + length, 0)
  const tools = bodies.reduce((sum, body) => sum + (body.toString().match(NAME)?.length ?? 0), 0)
  return { tools, pageMs, bytes }
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
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  story.later(() => agent.destroy())
  tools.isSlow = true
  const first = await readAll(router.mcpUrl, agent)
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
    const { pageMs } = await readAll(router.mcpUrl, agent)
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
