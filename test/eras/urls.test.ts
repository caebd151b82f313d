// A URL that is to be opened, between the eras: by an error that a legacy server answers with (-32042), which a modern caller does not
// know, and by a question of a modern server, which a legacy caller is asked in its own way.
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { startEverything } from '#test/support/everything/start.ts'
import { ELICITATION, PAGE, startLinking } from '#test/support/linking-server.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'

const linking = await startLinking()
const modern = await startEverything('modern')
const router = await runRouter(
  documents(
    clusterOf('linking', [linking.url]),
    clusterOf('modern', [modern.url]),
    serverOf('linking', ['linking']),
    serverOf('modern', ['modern']),
  ),
)
for (const name of ['linking', 'modern']) await router.untilUp(name, 1)

beforeEach(() => linking.reset())
after(async () => {
  await router.close()
  await Promise.all([linking.close(), modern.close()])
})

type Asked = Readonly<Record<string, unknown>>
type Answer = 'accept' | 'decline'

interface Opened extends AsyncDisposable {
  readonly client: Client
  /** What it was asked, in order. */
  readonly asked: readonly Asked[]
  /** Status of the stream on which a session is told of things, once it has one. */
  readonly hears: Promise<number>
}

/** `answer`: what its person does with each page. */
async function open(
  url: string,
  era: 'legacy' | 'modern',
  answer?: (asked: Asked) => Answer | Promise<Answer>,
): Promise<Opened> {
  const asked: Asked[] = []
  const hears = Promise.withResolvers<number>()
  const client = new Client(
    { name: 'test', version: '1' },
    {
      capabilities: { elicitation: answer === undefined ? {} : { form: {}, url: {} } },
      versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' },
    },
  )
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    asked.push(params)
    return { action: (await answer?.(params)) ?? 'cancel' }
  })
  await client.connect(
    new StreamableHTTPClientTransport(new URL(url), {
      fetch: async (input, init) => {
        const got = await fetch(input, init)
        if (init?.method === 'GET') hears.resolve(got.status)
        return got
      },
    }),
  )
  return { client, asked, hears: hears.promise, [Symbol.asyncDispose]: () => client.close() }
}

const linked = (client: Client): Promise<unknown> => client.callTool({ name: 'linked' })

interface RpcError {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

async function errorOf(call: Promise<unknown>): Promise<RpcError> {
  try {
    assert.fail(`it was answered: ${JSON.stringify(await call)}`)
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    return error as RpcError
  }
}

test('a legacy caller has the error as its server sent it, and hears that the page is done with', async () => {
  await using direct = await open(linking.url, 'legacy', () => 'accept')
  await using through = await open(`${router.mcpUrl}/linking`, 'legacy', () => 'accept')
  const errors = [await errorOf(linked(direct.client)), await errorOf(linked(through.client))]
  assert.deepEqual(
    errors.map(({ code, data }) => ({ code, data })),
    errors.map(() => ({ code: -32_042, data: { elicitations: [ELICITATION] } })),
  )
  const done = Promise.withResolvers<unknown>()
  through.client.setNotificationHandler('notifications/elicitation/complete', ({ params }) =>
    done.resolve(params.elicitationId),
  )
  assert.equal(await through.hears, 200)
  await linking.open()
  assert.equal(await done.promise, ELICITATION.elicitationId)
  assert.match(JSON.stringify(await linked(through.client)), /"linked"/)
})

test('a modern caller is asked to open the page, and its call runs once it has', async () => {
  const runs = linking.runs()
  await using caller = await open(`${router.mcpUrl}/linking`, 'modern', () =>
    linking.open().then(() => 'accept'),
  )
  assert.match(JSON.stringify(await linked(caller.client)), /"linked"/)
  assert.deepEqual(caller.asked, [{ mode: 'url', url: PAGE, message: ELICITATION.message }])
  assert.equal(linking.runs(), runs + 1)
})

test('who declines, or cannot open pages, hears what the server said, in a code of its era', async () => {
  await using declines = await open(`${router.mcpUrl}/linking`, 'modern', () => 'decline')
  await using cannot = await open(`${router.mcpUrl}/linking`, 'modern')
  const [runs, before] = [linking.runs(), linking.asked()]
  for (const { client } of [declines, cannot]) {
    const { code, message } = await errorOf(linked(client))
    assert.deepEqual([code, /Sign in at the page/.test(message)], [-32_603, true])
  }
  assert.deepEqual([declines.asked.length, cannot.asked.length], [1, 0])
  assert.deepEqual([linking.runs() - runs, linking.asked() - before], [0, 3])
})

test('a legacy caller is asked by a modern server to open a page, under an id; one that cannot is told so', async () => {
  await using caller = await open(`${router.mcpUrl}/modern`, 'legacy', () => 'accept')
  const result = await caller.client.callTool({ name: 'test_elicitation_url' })
  assert.match(JSON.stringify(result), /action=accept/)
  const [{ elicitationId, ...rest } = {}] = caller.asked
  assert.ok(typeof elicitationId === 'string' && elicitationId.length > 0)
  assert.deepEqual(rest, { mode: 'url', message: 'Sign in', url: 'https://example.org/sign-in' })
  await using cannot = await open(`${router.mcpUrl}/modern`, 'legacy')
  const refused = JSON.stringify(await cannot.client.callTool({ name: 'test_elicitation_url' }))
  assert.match(refused, /cannot be asked for elicitation by a URL/)
  assert.deepEqual(cannot.asked, [])
})
