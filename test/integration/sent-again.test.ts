// A call goes to a second replica only where it did not run at the first or may run twice, by the documents and by what the replicas
// say of their tool together. The count that tells is the tools' own.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  legacyCall,
  modernCall,
  openSession,
  problemOf,
  type RawAnswer,
  servedBy,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'
import type { ScriptedOptions } from '#test/support/scripted-answers.ts'
import { startScripted } from '#test/support/scripted-server.ts'

const TOOLS = ['lookup', 'upsert', 'save', 'unsaid', 'unwritten'] as const
type Tool = (typeof TOOLS)[number]

/** What becomes of the calls that come, in their order and whichever replica is given them. */
const fates: string[] = []

const SHARED: ScriptedOptions = {
  tools: TOOLS,
  isSessionful: true,
  annotations: {
    lookup: { readOnlyHint: true },
    upsert: { readOnlyHint: false, idempotentHint: true },
    unwritten: { readOnlyHint: true, idempotentHint: true },
  },
  runsAs: () => fates.shift() ?? assert.fail('a call that nobody expects'),
}
const replicas = await Promise.all(['a', 'b'].map(name => startScripted({ ...SHARED, name })))

/** A cluster of its own for each case, since nothing may be left of the case before. */
let clusters = 0
const caseDocuments = (name: string): readonly string[] => [
  clusterOf(
    name,
    replicas.map(({ url }) => url),
  ),
  JSON.stringify({
    apiVersion: 'ringmain.dev/v1',
    kind: 'Tool',
    metadata: { name },
    spec: { cluster: name, tools: ['lookup', 'upsert', 'unsaid'], replay: 'safe' },
  }),
  serverOf(name, [name]),
]
const CASES = 40
const names = Array.from({ length: CASES }, (_, index) => `case-${index}`)
const router = await runRouter(documents(...names.flatMap(caseDocuments)))

after(async () => {
  await router.close()
  await Promise.all(replicas.map(replica => replica.close()))
})

interface Seen {
  readonly answer: RawAnswer
  /** Times the tool ran at each replica, most first. */
  readonly ran: readonly number[]
  /** The `x-ringmain-attempt` of each request, in the order in which they came. */
  readonly marks: readonly unknown[]
  readonly line: Readonly<Record<string, unknown>>
}

type Caller = (url: string, tool: Tool, headers?: Record<string, string>) => Promise<RawAnswer>

async function called(
  caller: Caller,
  tool: Tool,
  { to, headers }: { readonly to: readonly string[]; readonly headers?: Record<string, string> },
): Promise<Seen> {
  const name = names[clusters] ?? assert.fail(`more than ${CASES} cases`)
  clusters += 1
  fates.splice(0, fates.length, ...to)
  const executions = () => replicas.map(replica => replica.executions(tool))
  const before = executions()
  const seen = replicas.map(replica => replica.calls().length)
  const answer = await caller(`${router.mcpUrl}/${name}`, tool, headers)
  const marks = replicas
    .flatMap((replica, index) => replica.calls().slice(seen[index]))
    .sort((one, other) => one.atMs - other.atMs)
    .map(request => request.headers['x-ringmain-attempt'])
  const ran = executions().map((count, index) => count - (before[index] ?? 0))
  const line = router.calls().findLast(one => one['ringmain.virtual_server'] === name)
  return {
    answer,
    marks,
    ran: ran.toSorted((one, other) => other - one),
    line: line ?? assert.fail('the call left no line'),
  }
}

const STATELESS: Readonly<Record<string, Caller>> = {
  modern: (url, tool, headers = {}) => modernCall(url, tool, {}, { headers }),
  'legacy without a session': (url, tool, headers = {}) => legacyCall(url, tool, {}, { headers }),
}

for (const [who, caller] of Object.entries(STATELESS)) {
  test(`a call that may run twice is answered by the other replica, to a ${who} caller`, async () => {
    for (const tool of ['lookup', 'upsert'] as const) {
      const seen = await called(caller, tool, { to: ['die_before_headers', 'echo'] })
      assert.ok(['a', 'b'].includes(servedBy(seen.answer) ?? ''), seen.answer.body.toString())
      assert.deepEqual(seen.ran, [1, 1])
      assert.deepEqual(seen.marks, [undefined, '2'])
      assert.equal(seen.line['ringmain.attempts'], 2)
      assert.equal(seen.line['ringmain.retry_reason'], 'unanswered')
      assert.equal(seen.line['ringmain.verdict'], 'answered')
    }
  })

  test(`an answer that breaks off before any of it was handed on is none, for a ${who} caller`, async () => {
    for (const fate of ['die_after_headers', 'die_mid_body']) {
      const seen = await called(caller, 'lookup', { to: [fate, 'echo'] })
      assert.ok(['a', 'b'].includes(servedBy(seen.answer) ?? ''), seen.answer.body.toString())
      assert.deepEqual(seen.ran, [1, 1], fate)
      assert.equal(seen.line['ringmain.retry_reason'], 'unanswered')
    }
    for (const [tool, fate] of [
      ['lookup', 'die_mid_stream'],
      ['save', 'die_mid_body'],
    ] as const) {
      const seen = await called(caller, tool, { to: [fate, 'echo'] })
      assert.equal(problemOf(seen.answer)?.code, 'RINGMAIN_OUTCOME_UNKNOWN')
      assert.deepEqual(seen.ran, [1, 0], fate)
    }
  })

  test(`without the document or without the replicas’ own word a call runs once, for a ${who} caller`, async () => {
    for (const tool of ['save', 'unsaid', 'unwritten'] as const) {
      const seen = await called(caller, tool, { to: ['die_before_headers', 'echo'] })
      assert.equal(problemOf(seen.answer)?.code, 'RINGMAIN_OUTCOME_UNKNOWN')
      assert.equal(problemOf(seen.answer)?.executed, 'unknown')
      assert.deepEqual(seen.ran, [1, 0], tool)
      assert.equal(seen.line['ringmain.attempts'], 1)
    }
  })

  test(`what a replica says it did not run is run by the other, whatever the tool, for a ${who} caller`, async () => {
    const seen = await called(caller, 'save', { to: ['refuse', 'echo'] })
    assert.ok(['a', 'b'].includes(servedBy(seen.answer) ?? ''), seen.answer.body.toString())
    assert.deepEqual(seen.ran, [1, 0])
    assert.equal(seen.line['ringmain.retry_reason'], 'refused')
  })

  test(`what may have run at the second is not told as undone, and goes nowhere else, for a ${who} caller`, async () => {
    const seen = await called(caller, 'save', { to: ['refuse', 'die_before_headers'] })
    assert.equal(problemOf(seen.answer)?.executed, 'unknown')
    assert.deepEqual(seen.ran, [1, 0])
  })

  test(`what may have run at the first is not told as undone when the second refuses it, for a ${who} caller`, async () => {
    const seen = await called(caller, 'lookup', { to: ['die_before_headers', 'refuse'] })
    assert.equal(problemOf(seen.answer)?.code, 'RINGMAIN_OUTCOME_UNKNOWN')
    assert.deepEqual(seen.ran, [1, 0])
  })

  test(`what both say they did not run is told as not executed, to a ${who} caller`, async () => {
    const seen = await called(caller, 'save', { to: ['refuse', 'refuse'] })
    assert.equal(problemOf(seen.answer)?.code, 'RINGMAIN_CLUSTER_BUSY')
    assert.equal(problemOf(seen.answer)?.executed, 'no')
    assert.match(problemOf(seen.answer)?.says ?? '', /was not executed/)
    assert.deepEqual(seen.ran, [0, 0])
    assert.equal(seen.line['ringmain.attempts'], 2)
    assert.equal(seen.line['ringmain.retry_denied'], 'spent')
  })

  test(`a call that a router in front has sent before is not sent again, for a ${who} caller`, async () => {
    const headers = { 'x-ringmain-attempt': '2' }
    const seen = await called(caller, 'lookup', { to: ['die_before_headers'], headers })
    assert.deepEqual(seen.ran, [1, 0])
    assert.deepEqual(seen.marks, ['2'])
    assert.equal(seen.line['ringmain.retry_denied'], 'is_retry')
  })
}

test('a call of a session stays on its replica, whatever the tool', async () => {
  const bound: Caller = async (url, tool) =>
    legacyCall(url, tool, {}, { session: await openSession(url) })
  for (const [fate, executed, ran] of [
    ['die_before_headers', 'unknown', 1],
    ['refuse', 'no', 0],
  ] as const)
    for (const tool of ['lookup', 'save'] as const) {
      const seen = await called(bound, tool, { to: [fate, 'echo'] })
      assert.equal(problemOf(seen.answer)?.executed, executed)
      assert.deepEqual(seen.ran, [ran, 0], tool)
      assert.equal(seen.line['ringmain.attempts'], 1)
    }
})

test('what went elsewhere, and what did not, is counted by its reason', async () => {
  const text = await (await fetch(`${router.adminUrl}/metrics`)).text()
  const total = (metric: string, reason: string): number =>
    text
      .split('\n')
      .filter(line => line.startsWith(metric) && line.includes(`reason="${reason}"`))
      .reduce((sum, line) => sum + Number(line.split(' ').at(1)), 0)
  assert.deepEqual(
    [
      total('ringmain_retries_total', 'unanswered'),
      total('ringmain_retries_total', 'refused'),
      total('ringmain_retries_denied_total', 'is_retry'),
      total('ringmain_retries_denied_total', 'spent'),
    ],
    [10, 6, 2, 4],
  )
})
