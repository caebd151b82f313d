// One list out of many: in the order of the document, each cluster from where it stopped, and who gave nothing is named.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RefusalCode } from '#foundation/refusals.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { callAs, messageAs } from '#test/support/call-facts.ts'
import { type Continuation, gather, type PageAnswer } from './gather.ts'

const server = {
  name: 'default',
  naming: 'prefix',
  criticality: 'critical',
  members: [
    { cluster: 'b', prefix: 'b' },
    { cluster: 'a', prefix: 'a' },
    { cluster: 'c', prefix: 'c' },
  ],
} as const

const page = (tool: string, nextCursor?: string, count = 1): PageAnswer => ({
  kind: 'page',
  leftMs: 0,
  page: {
    ttlMs: 0,
    isPublic: false,
    items: Array.from({ length: count }, () => ({ own: tool, definition: Buffer.from(tool) })),
    ...(nextCursor === undefined ? {} : { nextCursor }),
  },
})
const refused = (code: RefusalCode): PageAnswer => ({ kind: 'refuse', refusal: { code } })

interface Gathered {
  readonly verdict: unknown
  /** Which clusters were asked, and from where. */
  readonly asked: readonly string[]
}

async function gathered(
  pages: Readonly<Record<string, PageAnswer>>,
  cursor?: unknown,
  differences: Partial<VirtualServerPolicy> = {},
): Promise<Gathered> {
  const asked: string[] = []
  const stage = gather({
    page: (_call, member, from) => {
      asked.push(`${member.cluster} from ${from ?? 'the start'}`)
      return Promise.resolve(pages[member.cluster] ?? assert.fail(`${member.cluster} was asked`))
    },
    openCursor: (_call, text) =>
      text.startsWith('[') ? (JSON.parse(text) as readonly Continuation[]) : undefined,
    begin: ({ era }) => ({
      encode: ({ parts, rest, unavailable }) => {
        const names = parts.flatMap(part => [...new Set(part.page.items.map(({ own }) => own))])
        const next = rest.length === 0 ? '-' : JSON.stringify(rest)
        return [Buffer.from(`${era} ${names.join(',')} ${next} ${unavailable.join('+')}`)]
      },
    }),
  })
  const params = cursor === undefined ? {} : { cursor }
  const message = messageAs({ method: 'tools/list', params })
  const verdict = await stage.decide(callAs({ server: { ...server, ...differences }, message }))
  const text =
    verdict.kind === 'answer' && verdict.answer.kind === 'result'
      ? verdict.answer.resultJson.toString()
      : verdict
  return { verdict: text, asked }
}

test('pages are joined in the order of the document, whatever order they come in', async () => {
  const { verdict, asked } = await gathered({ a: page('A'), b: page('B'), c: page('C') })
  assert.equal(verdict, 'modern B,A,C - ')
  assert.deepEqual(asked, ['b from the start', 'a from the start', 'c from the start'])
})

test('a cursor holds where each unfinished cluster goes on, and asks those alone', async () => {
  const first = await gathered({ a: page('A', 'a2'), b: page('B'), c: page('C', 'c2') })
  const cursor = '[{"cluster":"a","cursor":"a2","pages":1},{"cluster":"c","cursor":"c2","pages":1}]'
  assert.equal(first.verdict, `modern B,A,C ${cursor} `)
  const second = await gathered({ a: page('A'), c: page('C') }, cursor)
  assert.equal(second.verdict, 'modern A,C - ')
  assert.deepEqual(second.asked, ['a from a2', 'c from c2'])
})

test('a cursor of another list, or none at all, is refused and nobody is asked', async () => {
  for (const cursor of ['other', '', 5, null, {}]) {
    const { verdict, asked } = await gathered({}, cursor)
    assert.deepEqual(verdict, {
      kind: 'refuse',
      refusal: { code: 'RINGMAIN_INVALID_PARAMS', says: 'The cursor is not one of this list.' },
    })
    assert.deepEqual(asked, [])
  }
})

test('a cluster that left the table since the cursor was given is passed over', async () => {
  const { verdict } = await gathered({}, '[{"cluster":"gone"}]')
  assert.equal(verdict, 'modern  - ')
})

test('a cluster that gives nothing is named, and the others are shown', async () => {
  const { verdict } = await gathered({
    a: page('A'),
    b: refused('RINGMAIN_NO_HEALTHY_REPLICA'),
    c: refused('RINGMAIN_UPSTREAM_TIMEOUT'),
  })
  assert.equal(verdict, 'modern A - b+c')
})

test('when none gives anything the list is refused, not empty', async () => {
  const { verdict } = await gathered({
    a: refused('RINGMAIN_CLUSTER_BUSY'),
    b: refused('RINGMAIN_NO_HEALTHY_REPLICA'),
    c: refused('RINGMAIN_CLUSTER_BUSY'),
  })
  assert.deepEqual(verdict, { kind: 'refuse', refusal: { code: 'RINGMAIN_CLUSTER_BUSY' } })
})

test('a session that one of them has lost is lost', async () => {
  const { verdict } = await gathered({
    a: page('A'),
    b: refused('RINGMAIN_SESSION_UNKNOWN'),
    c: page('C'),
  })
  assert.deepEqual(verdict, { kind: 'refuse', refusal: { code: 'RINGMAIN_SESSION_UNKNOWN' } })
})

test('a page is no longer than a caller reads at once: whom it has no room for comes next', async () => {
  const first = await gathered({
    b: page('B', 'b2', 600),
    a: page('A', 'a2', 600),
    c: page('C', undefined, 300),
  })
  const cursor = '[{"cluster":"b","cursor":"b2","pages":1},{"cluster":"a"}]'
  assert.equal(first.verdict, `modern B,C ${cursor} `)
  const second = await gathered(
    { b: page('B', undefined, 2_000), a: page('A', undefined, 2_000) },
    cursor,
  )
  assert.equal(second.verdict, 'modern B [{"cluster":"a"}] ')
  assert.deepEqual(second.asked, ['b from b2', 'a from the start'])
  const long = page('x'.repeat(600_000))
  const bytes = await gathered({ b: long, a: long, c: page('C') })
  assert.match(String(bytes.verdict), /^modern x+,C \[\{"cluster":"a"\}\] $/)
})

test('a document that wants all lists or none gets an error while one is missing', async () => {
  const pages = { a: page('A'), b: refused('RINGMAIN_NO_HEALTHY_REPLICA'), c: page('C') }
  const { verdict } = await gathered(pages, undefined, { partialLists: 'fail' })
  assert.deepEqual(verdict, { kind: 'refuse', refusal: { code: 'RINGMAIN_NO_HEALTHY_REPLICA' } })
})

test('a list that goes round in a circle ends, and its cluster is named', async () => {
  let cursor: string | undefined
  let pages = 0
  for (;;) {
    const { verdict } = await gathered(
      { a: page('A', `a${pages % 2}`) },
      cursor ?? '[{"cluster":"a"}]',
    )
    const [, , next = '-', unavailable] = String(verdict).split(' ')
    if (next === '-') {
      assert.equal(unavailable, 'a')
      break
    }
    pages += 1
    cursor = next
  }
  assert.equal(pages, 200)
  const beside = '[{"cluster":"a","cursor":"a0","pages":200},{"cluster":"c"}]'
  const { verdict, asked } = await gathered({ c: page('C') }, beside)
  assert.deepEqual([verdict, asked], ['modern C - a', ['c from the start']])
})
