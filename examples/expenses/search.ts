// The public search over a staff handbook: read-only, so a router may send it to any replica.
import { handbook } from './handbook.ts'
import { runReplica } from './replica.ts'
import { defineTool } from './tool.ts'

/** The words of each page, taken apart once. */
const pages = handbook.map(page => ({ page, held: new Set(wordsOf(`${page.title} ${page.text}`)) }))

interface Hit {
  readonly id: string
  readonly title: string
  readonly text: string
  /** How many of the query's words the page holds. */
  readonly score: number
}

const search = defineTool<
  { readonly query: string; readonly limit?: number },
  { readonly query: string; readonly total: number; readonly hits: readonly Hit[] }
>({
  name: 'search',
  title: 'Search the handbook',
  description: 'Finds pages of the public staff handbook by words, best match first.',
  annotations: {
    readOnlyHint: true,
    idempotentHint: true,
    destructiveHint: false,
    openWorldHint: false,
  },
  input: {
    type: 'object',
    properties: {
      query: { type: 'string', minLength: 1, maxLength: 200, description: 'Words to look for.' },
      limit: {
        type: 'integer',
        minimum: 1,
        maximum: 20,
        default: 5,
        description: 'Most hits to return.',
      },
    },
    required: ['query'],
    additionalProperties: false,
  },
  output: {
    type: 'object',
    properties: {
      query: { type: 'string' },
      total: { type: 'integer', minimum: 0 },
      hits: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            id: { type: 'string' },
            title: { type: 'string' },
            text: { type: 'string' },
            score: { type: 'integer', minimum: 1 },
          },
          required: ['id', 'title', 'text', 'score'],
          additionalProperties: false,
        },
      },
    },
    required: ['query', 'total', 'hits'],
    additionalProperties: false,
  },
  run: ({ query, limit = 5 }) => {
    const words = wordsOf(query)
    const hits = pages
      .map(({ page, held }) => ({ ...page, score: words.filter(word => held.has(word)).length }))
      .filter(hit => hit.score > 0)
      .sort((a, b) => b.score - a.score || a.id.localeCompare(b.id))
    return { query, total: hits.length, hits: hits.slice(0, limit) }
  },
})

const count = defineTool<
  Record<string, never>,
  { readonly replica: string; readonly executions: Readonly<Record<string, number>> }
>({
  name: 'count',
  title: 'Count executions',
  description:
    'How often each tool ran at the replica that answers, since it started; this call is counted.',
  annotations: {
    readOnlyHint: true,
    idempotentHint: false,
    destructiveHint: false,
    openWorldHint: false,
  },
  input: { type: 'object', properties: {}, additionalProperties: false },
  output: {
    type: 'object',
    properties: {
      replica: { type: 'string' },
      executions: { type: 'object', additionalProperties: { type: 'integer', minimum: 0 } },
    },
    required: ['replica', 'executions'],
    additionalProperties: false,
  },
  run: (_input, { executions }) => {
    const { replica, executions: counts } = executions.view()
    return { replica, executions: counts }
  },
})

function wordsOf(text: string): readonly string[] {
  return [...new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu))]
}

await runReplica({
  name: 'search',
  instructions: 'Search the public staff handbook. Every replica holds the same pages.',
  isSessionful: false,
  tools: () => [search, count],
})
