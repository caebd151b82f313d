// How much of a list of tools is read, and that reading it lets others have their turn.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KnownDefinitions } from './known-definitions.ts'
import { readTools, type ToolList, toolsOf } from './read-tools.ts'
import type { RpcReply } from './rpc.ts'

type Page = { readonly tools: readonly object[]; readonly nextCursor?: string }

const replyOf = (result: Page): RpcReply => ({
  kind: 'message',
  status: 200,
  message: { result },
  bytes: Buffer.from(JSON.stringify({ result })),
  header: () => undefined,
})

/** The list, and how many pages were asked for and breaths taken. */
async function read(
  pageAt: (index: number) => Page | RpcReply,
): Promise<{ readonly list: ToolList; readonly pages: number; readonly breaths: number }> {
  let [pages, breaths] = [0, 0]
  const list = await readTools({
    askPage: async () => {
      const page = pageAt(pages)
      pages += 1
      return 'kind' in page ? page : replyOf(page)
    },
    breathe: async () => {
      breaths += 1
    },
    definitions: new KnownDefinitions(),
  })
  return { list, pages, breaths }
}

const problemOf = (list: ToolList): string => (list.end === 'whole' ? '' : list.problem)
const named = (count: number, from = 0): object[] =>
  Array.from({ length: count }, (_, index) => ({ name: `t${from + index}` }))

test('between two tools the loop may turn', async () => {
  const { list, breaths } = await read(() => ({ tools: named(300) }))
  assert.deepEqual([list.end, list.tools.size, breaths], ['whole', 300, 300])
})

test('a list has 2,000 tools at most, over all of its pages', async () => {
  const exact = await read(index => ({
    tools: named(1_000, index * 1_000),
    ...(index === 0 ? { nextCursor: 'two' } : {}),
  }))
  assert.deepEqual([exact.list.end, exact.list.tools.size], ['whole', 2_000])
  const { list, pages, breaths } = await read(index => ({
    tools: named(1_500, index * 1_500),
    nextCursor: `${index}`,
  }))
  assert.deepEqual([list.end, problemOf(list)], ['untold', 'it has more than 2000 tools'])
  assert.deepEqual([pages, breaths], [2, 2_001])
})

test('a list has 8 MiB at most, though its pages are small and name the same', async () => {
  const words = 'x'.repeat(1_000_000)
  const { list, pages } = await read(index => ({
    tools: [{ name: 'a' }, { words }],
    nextCursor: `${index}`,
  }))
  assert.deepEqual([list.end, problemOf(list)], ['untold', 'it is larger than 8388608 bytes'])
  assert.equal(pages, 9)
})

test('a page that was too large to be read ends the list, and is not asked for again at once', async () => {
  const detail = 'the answer is larger than 1048576 bytes'
  for (const at of [0, 1]) {
    const { list } = await read(index =>
      index === at
        ? { kind: 'http', status: 200, detail, isTooLarge: true }
        : { tools: named(1), nextCursor: `${index}` },
    )
    assert.deepEqual([list.end, problemOf(list)], ['untold', `tools/list: ${detail}`])
  }
})

test('a definition has 262,144 characters at most, however it takes them, and the others are read', async () => {
  let deep: unknown = {}
  for (let depth = 0; depth < 200_000; depth += 1) deep = [deep]
  for (const large of [{ words: 'x'.repeat(262_145) }, { deep }]) {
    const reply = replyOf({ tools: [] })
    assert.ok(reply.kind === 'message')
    const message = { result: { tools: [{ name: 'large', ...large }, { name: 'small' }] } }
    const { list } = await read(() => ({ ...reply, message }))
    assert.equal(problemOf(list), 'a definition in it is longer than 262144 characters')
    assert.deepEqual(
      [list.tools.get('large'), list.tools.get('small')],
      ['broken', { mirrors: [] }],
    )
  }
})

test('tools of lists that broke off are kept, but not for ever more of them', () => {
  const cut = (from: number): ToolList => ({
    end: 'cut',
    tools: new Map(
      Array.from({ length: 2_000 }, (_, index) => [`t${from + index}`, { mirrors: [] }]),
    ),
    problem: 'it broke off',
  })
  const once = toolsOf(cut(0))
  const twice = toolsOf(cut(2_000), once)
  assert.equal(twice.size, 4_000)
  assert.equal(toolsOf(cut(4_000), twice).size, 2_000)
})
