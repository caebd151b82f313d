// What an uncontended call must not cost, counted instead of timed: no timer of the router's own, and one parse of its body.
// A count holds on any machine, where a nanosecond does not. What packages and Node do for themselves is told, and not judged.
import assert from 'node:assert/strict'
import { Agent, createServer } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import nodeTimers from 'node:timers'
import timersPromises from 'node:timers/promises'
import {
  callParams,
  legacyRequest,
  modernRequest,
  type RawRequest,
  rawRequest,
} from '#test/support/raw-http.ts'
import { clusterOf, documents, runRouter, serverOf } from '#test/support/running-router.ts'

const CALLS = 100
const WARM_CALLS = 5

interface Counted {
  readonly what: string
  /** Of a parse: how long the text was. */
  readonly chars: number
  /** Whoever called. */
  readonly caller: string
}

const counted: Counted[] = []
type AnyFunction = (...words: readonly unknown[]) => unknown

/** Replaces a function by one that notes who called it. */
function counting(owner: object, what: string): void {
  const functions = owner as Record<string, AnyFunction>
  const original = functions[what] as AnyFunction
  const counter = function (this: unknown, ...words: readonly unknown[]): unknown {
    const [, , caller = ''] = (new Error('here').stack ?? '').split('\n')
    const [first] = words
    counted.push({ what, caller, chars: typeof first === 'string' ? first.length : 0 })
    return Reflect.apply(original, this, words)
  }
  functions[what] = Object.assign(counter, original)
}

const TIMERS = ['setTimeout', 'setInterval', 'timeout']
for (const owner of [globalThis, nodeTimers, timersPromises]) {
  counting(owner, 'setTimeout')
  counting(owner, 'setInterval')
}
counting(AbortSignal, 'timeout')
counting(JSON, 'parse')
syncBuiltinESMExports() // names that were imported already follow

const isOurs = ({ caller }: Counted): boolean =>
  /\/(?:router|foundation|routes)\/[^:]+\.ts:/.test(caller)

const isTimer = ({ what }: Counted): boolean => TIMERS.includes(what)

/** An id may be read by itself, to be compared: that is bounded, where a body is not. */
const LONGEST_ID = 128
const isParse = (one: Counted): boolean => one.what === 'parse' && one.chars > LONGEST_ID

/** Answers every call at once, under its id; parses nothing. */
const upstream = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const text = Buffer.concat(chunks).toString()
    const id = /"id":(\d+)/.exec(text)?.[1] ?? '1'
    const isRefused = text.includes('"refuse-me"')
    const outcome = isRefused
      ? `"error":{"code":-32602,"message":"${'no '.repeat(50)}"}`
      : '"result":{"content":[]}'
    const answer = `{"jsonrpc":"2.0","id":${id},${outcome}}`
    const isStream = text.includes('"stream"')
    response.writeHead(isRefused ? 400 : 200, {
      'content-type': isStream ? 'text/event-stream' : 'application/json',
    })
    const send = (): void => void response.end(isStream ? `data: ${answer}\n\n` : answer)
    if (text.includes('"slow"')) slow.push(send)
    else send()
  })
})
const slow: (() => void)[] = []
await new Promise<void>(resolve => upstream.listen(0, '127.0.0.1', resolve))
const { port } = upstream.address() as AddressInfo

/** Plain checks, so that nothing but calls speaks MCP; long pauses, so that none falls into a measured stretch. */
const health = { path: '/healthz', interval: '1h', timeout: '1500ms', rise: 1, fall: 3 }
const at = [`http://127.0.0.1:${port}/mcp`]
const router = await runRouter(
  documents(
    clusterOf('wide', at, { health, eras: ['modern', 'legacy'] }),
    clusterOf('narrow', at, {
      health,
      eras: ['modern'],
      connections: { perEndpoint: 1, queue: 5, wait: '5s' },
    }),
    serverOf('default', ['wide'], { naming: 'plain' }),
    serverOf('narrow', ['narrow'], { naming: 'plain' }),
  ),
)
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

after(async () => {
  agent.destroy()
  await router.close()
  upstream.close()
  upstream.closeAllConnections()
})

async function callOften(request: RawRequest, times = CALLS): Promise<readonly Counted[]> {
  const ask = async (status: number): Promise<void> =>
    assert.equal((await rawRequest(router.mcpUrl, { ...request, agent })).status, status)
  for (let time = 0; time < WARM_CALLS; time += 1) await ask(200)
  counted.length = 0
  for (let time = 0; time < times; time += 1) await ask(200)
  return counted.splice(0)
}

const ARGUMENTS = { query: 'longer than any id '.repeat(20) }
const modern = (tool: string): RawRequest =>
  modernRequest('tools/call', callParams(tool, ARGUMENTS))
const legacy = (tool: string): RawRequest =>
  legacyRequest('tools/call', callParams(tool, ARGUMENTS))

const CASES: readonly (readonly [name: string, request: RawRequest])[] = [
  ['a modern call', modern('find')],
  ['a modern call that is answered with events', modern('stream')],
  ['a legacy call', legacy('find')],
]

for (const [name, request] of CASES) {
  test(`${name} makes no timer and parses its body once`, async t => {
    const seen = await callOften(request)
    const own = seen.filter(one => isOurs(one) && isTimer(one))
    const foreign = seen.filter(one => !isOurs(one) && isTimer(one))
    t.diagnostic(`${foreign.length} timers of packages in ${CALLS} calls`)
    // A poll of its own may fall into the stretch; a timer for each call would be a hundred.
    assert.ok(own.length < CALLS / 10, `${own.length} timers, one${own[0]?.caller}`)
    const parses = seen.filter(one => isOurs(one) && isParse(one))
    assert.equal(parses.length, CALLS, [...new Set(parses.map(({ caller }) => caller))].join('\n'))
  })
}

test('the count of timers can rise: a call that waits for a slot has one', async () => {
  const url = `${router.mcpUrl}/narrow`
  counted.length = 0
  const first = rawRequest(url, modern('slow'))
  const second = rawRequest(url, modern('find'))
  while (slow.length === 0 || !counted.some(one => isOurs(one) && isTimer(one)))
    await new Promise(resolve => setImmediate(resolve))
  slow.pop()?.()
  assert.deepEqual([(await first).status, (await second).status], [200, 200])
})

test('the count of parses can rise: an error of the replica is read as well', async () => {
  counted.length = 0
  const answer = await rawRequest(router.mcpUrl, modern('refuse-me'))
  assert.equal(answer.status, 400)
  const parses = counted.filter(one => isOurs(one) && isParse(one))
  assert.equal(parses.length, 2, parses.map(({ caller }) => caller).join('\n'))
})
