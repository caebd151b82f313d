// Bodies made to cost: each is refused, and its refusal costs the router's process next to nothing.
// CPU is that of all the process's threads. A body that is refused before its end is charged with everything from its first byte on; one
// that must be read to its end, from its last byte on, and what reading it costs is told. The median counts: now and then a body of 4 MB
// brings on work of the engine's own threads, most likely a collection, which falls where it falls; the mean is told, too.
import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { loadavg } from 'node:os'
import { openCaller, openLoop } from '#test/support/open-loop.ts'
import { callParams, modernHeaders, modernRequest } from '#test/support/raw-http.ts'
import { type RouterProcess, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'

const BAR_MS = 5
const ROUNDS = 9
const WARM_ROUNDS = 3
const MOST_LOOKS = 10
const HEAD = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":'

interface Bomb {
  readonly what: string
  readonly body: Buffer
  readonly status: number
}

const inArguments = (json: string): Buffer => Buffer.from(HEAD + json)
const object = (keys: number): string =>
  `{${Array.from({ length: keys }, (_, index) => `"k${index}":0`).join()}}`

/** As many keys as one object may have, in as many objects as one body may hold of them. */
const manyObjects = (): string => `[${Array.from({ length: 60 }, () => object(999)).join()}]`

/** Keys that fall into one place of a hash table that does not tell the order of letters. */
function sameLetters(keys: number): string {
  const orderOf = (index: number): string => {
    const left = Array.from('abcdefgh')
    let rest = index
    return Array.from({ length: 8 }, () => {
      const taken = rest % left.length
      rest = Math.floor(rest / left.length)
      return left.splice(taken, 1).join('')
    }).join('')
  }
  return `{${Array.from({ length: keys }, (_, index) => `"${orderOf(index)}":0`).join()}}`
}

const BOMBS: readonly Bomb[] = [
  { what: '10 MB, over the size limit', body: Buffer.alloc(10_000_000, 0x20), status: 413 },
  { what: '10^6 keys, over it too', body: inArguments(object(1_000_000)), status: 413 },
  {
    what: 'a string of 10 MB, over it too',
    body: inArguments(`"${'a'.repeat(10_000_000)}"`),
    status: 413,
  },
  { what: '1,001 keys of the same letters', body: inArguments(sameLetters(1_001)), status: 400 },
  { what: '300,000 keys', body: inArguments(object(300_000)), status: 400 },
  { what: 'depth 10^6', body: inArguments('['.repeat(1_000_000)), status: 400 },
  { what: 'depth 8*10^5 of objects', body: inArguments('{"a":'.repeat(800_000)), status: 400 },
  {
    what: '4 MB of brackets, closed',
    body: inArguments('['.repeat(2_000_000) + ']'.repeat(2_000_000)),
    status: 400,
  },
  { what: '10^6 elements', body: inArguments(`[${'1,'.repeat(1_000_000)}1]`), status: 400 },
  { what: '4 MB of spaces', body: inArguments(' '.repeat(4_000_000)), status: 400 },
  { what: 'a key of 4 MB', body: inArguments(`{"${'k'.repeat(4_000_000)}":1}`), status: 400 },
  { what: 'a number of 4 MB', body: inArguments('1'.repeat(4_000_000)), status: 400 },
  { what: '50,000 keys in many objects', body: inArguments(manyObjects()), status: 400 },
  { what: 'no JSON from its third byte on', body: Buffer.alloc(4_000_000, '{"x'), status: 400 },
  {
    what: 'a string of 4 MB, then a key twice',
    body: inArguments(`{"a":"${'a'.repeat(4_000_000)}","a":1}}}`),
    status: 400,
  },
  { what: 'a batch of 10^6', body: Buffer.from(`[${'{},'.repeat(1_000_000)}{}]`), status: 400 },
]

/** Milliseconds on the CPU of every thread of a process, from the scheduler's own account. */
function cpuMs(pid: number): number {
  const ns = readdirSync(`/proc/${pid}/task`).map(task =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
  )
  return ns.reduce((sum, one) => sum + one, 0) / 1e6
}

interface Cost {
  readonly status: number
  /** Of everything but the last byte; undefined when the answer came before it. */
  readonly readMs?: number
  readonly verdictMs: number
}

/** Everything but the last byte goes first; when the process has read that and rests, the last byte decides. */
async function costOf(router: RouterProcess, { body, status: wanted }: Bomb): Promise<Cost> {
  const isUnsent = wanted === 413 // what it says of its length is enough
  const pid = router.child.pid ?? 0
  const socket = connect(Number(new URL(router.mcpUrl).port), '127.0.0.1')
  await new Promise(resolve => socket.once('connect', resolve))
  const headers = {
    host: 'localhost',
    ...modernHeaders('tools/call', 'echo'),
    'content-length': String(body.length),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `POST /mcp HTTP/1.1\r\n${lines.join('')}\r\n`
  const answer = new Promise<string>(resolve =>
    socket.once('data', chunk => resolve(chunk.toString())),
  )
  let isAnswered = false
  void answer.then(() => (isAnswered = true))
  const idle = cpuMs(pid)
  if (!isUnsent)
    await Promise.race([
      answer,
      write(socket, Buffer.concat([Buffer.from(head), body.subarray(0, -1)])),
    ])
  const before = isUnsent ? idle : await resting(pid)
  const isEarly = isAnswered
  if (!isEarly) socket.write(isUnsent ? head : body.subarray(-1))
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(await answer)?.[1])
  const after = await resting(pid)
  socket.destroy()
  return isEarly || isUnsent
    ? { status, verdictMs: after - idle }
    : { status, readMs: before - idle, verdictMs: after - before }
}

const write = (socket: Socket, bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) =>
    socket.write(bytes, error => (error ? reject(error) : resolve())),
  )

/** The account once it stands still. */
async function resting(pid: number): Promise<number> {
  let last = cpuMs(pid)
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    await new Promise(resolve => setTimeout(resolve, 40))
    const now = cpuMs(pid)
    if (now - last < 0.5) return now
    last = now
  }
  return last // other calls keep it busy
}

async function measure(story: Story, router: RouterProcess, bomb: Bomb): Promise<void> {
  const costs: Cost[] = []
  for (let round = 0; round < ROUNDS; round += 1) costs.push(await costOf(router, bomb))
  const sorted = costs.map(({ verdictMs }) => verdictMs).toSorted((one, other) => one - other)
  const median = sorted[Math.floor(ROUNDS / 2)] ?? Number.NaN
  const mean = sorted.reduce((sum, one) => sum + one, 0) / ROUNDS
  const reading = costs[0]?.readMs
  const isRefused = costs.every(({ status }) => status === bomb.status)
  story.hold(
    bomb.what,
    [
      isRefused ? bomb.status : costs.map(({ status }) => status).join(),
      `CPU ${ms(median)} (${ms(sorted[0] ?? 0)} to ${ms(sorted.at(-1) ?? 0)}, mean ${ms(mean)})`,
      reading === undefined ? 'all told' : `after ${ms(reading)} of reading it whole`,
    ].join(', '),
    isRefused && median <= BAR_MS,
  )
}

await tellStory(
  `bodies made to cost, each refused within ${BAR_MS} ms of CPU once it is there`,
  async story => {
    const tool = await startScripted()
    story.later(tool.close)
    const router = await startRouterProcess(
      documents(
        clusterOf('tools', [tool.url], { health: { interval: '1h', timeout: '5s' } }),
        serverOf('default', ['tools']),
      ),
      { env: { RINGMAIN_LOG_LEVEL: 'error' } },
    )
    story.later(router.close)
    await router.untilUp('tools', 1)
    const caller = openCaller(router.mcpUrl)
    story.later(caller.close)
    const echo = modernRequest('tools/call', callParams('echo'))
    for (let n = 0; n < 200; n += 1) await caller.call(echo)
    // A process that has just started pays its compiler too, once; that is no price of a body.
    for (let round = 0; round < WARM_ROUNDS; round += 1)
      for (const bomb of BOMBS) await costOf(router, bomb)
    for (const bomb of BOMBS) await measure(story, router, bomb)
    const load = openLoop(50, () => caller.call(echo))
    for (const bomb of BOMBS) await costOf(router, bomb)
    const { sent, failures, latencies } = await load.stop()
    story.hold(
      'other calls that failed meanwhile',
      `${failures.length} of ${sent}`,
      failures.length === 0,
    )
    story.tell('load of the machine in the last minute', (loadavg()[0] ?? 0).toFixed(1))
    story.tell('their slowest', ms(latencies.at(-1) ?? 0))
    const reached = tool.executions() - 200 - sent
    story.hold('calls that reached the tool from these bodies', `${reached}`, reached === 0)
  },
)
