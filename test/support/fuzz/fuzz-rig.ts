// What is fuzzed: a router as a process of its own before tool servers that are sound, that hold sessions, that answer as a case
// says, and that wobble; with what tells whether it is still well.
import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import {
  legacyRequest,
  modernCall,
  openSession,
  rawRequest,
  servedBy,
} from '#test/support/raw-http.ts'
import { type RouterProcess, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { startScripted } from '#test/support/scripted-server.ts'
import { type BrokenUpstream, startBroken } from './broken-upstream.ts'
import { type ToolRuns, toolRuns } from './tool-runs.ts'

export interface Sessions {
  readonly live: string
  readonly ending: string
}

export interface FuzzRig {
  readonly router: RouterProcess
  readonly broken: BrokenUpstream
  readonly wobbly: BrokenUpstream
  /** What their tools ran. */
  readonly runs: ToolRuns
  /** Live legacy sessions: one to call in, opened again when a case has ended it, and one to end. */
  readonly sessions: () => Promise<Sessions>
  /** Throws when a right call is not answered rightly. */
  readonly canary: () => Promise<void>
  /** The first thing that the router said of itself that it must never say. */
  readonly complaint: () => string | undefined
  /** What is still held when nobody calls; empty when all is given back. */
  readonly leftovers: () => Promise<readonly string[]>
  readonly descriptors: () => Promise<number>
  readonly close: () => Promise<void>
}

/** Short, so that half a request does not hold a case for long. */
const LIMITS = {
  RINGMAIN_HEADERS_TIMEOUT: '1s',
  RINGMAIN_REQUEST_TIMEOUT: '1s',
  RINGMAIN_WRITE_TIMEOUT: '2s',
  RINGMAIN_LOG_LEVEL: 'info',
  // Left to itself, the heap grows for minutes before it is swept, and a leak could not be told from that. Four times what it needs.
  NODE_OPTIONS: '--max-old-space-size=96 --max-semi-space-size=8',
}
/** What the process has said is looked at as it comes, so only its end is kept. */
const KEPT_OUTPUT = 64_000
/** Of what is never to fail: a router that is silent must be found, not waited for. */
const ANSWER_MS = 10_000
const timeouts = { firstByte: '2s', idle: '2s' }

/** What could not be opened whole is closed again, or its parts would keep the process, and the failure from being told. */
export async function openFuzzRig(seed: number): Promise<FuzzRig> {
  const closers: Array<() => Promise<void>> = []
  const close = async (): Promise<void> => {
    await Promise.all(closers.splice(0).map(end => end()))
  }
  try {
    return { ...(await opened(seed, closers)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function opened(
  seed: number,
  closers: Array<() => Promise<void>>,
): Promise<Omit<FuzzRig, 'close'>> {
  const runs = toolRuns()
  const onRun = runs.began
  const sound = await startScripted({ name: 'sound', isForgetful: true, onRun })
  const holding = await startScripted({
    name: 'holding',
    isSessionful: true,
    isForgetful: true,
    onRun,
  })
  const broken = await startBroken({ onRun })
  const wobbly = await startBroken({ wobble: { seed, share: 0.4 }, onRun })
  closers.push(sound.close, holding.close, broken.close, wobbly.close)
  const servers = { default: sound.url, held: holding.url, broken: broken.url, wobbly: wobbly.url }
  const texts = Object.entries(servers).flatMap(([name, url]) => [
    clusterOf(name, [url], { timeouts }),
    serverOf(name, [name]),
  ])
  const router = await startRouterProcess(documents(...texts), {
    env: LIMITS,
    keptOutput: KEPT_OUTPUT,
  })
  closers.push(router.close)
  const complaint = listenTo(router)
  for (const name of ['default', 'held', 'broken']) await router.untilUp(name, 1)
  const held = `${router.mcpUrl.replace(/\/mcp$/, '')}/mcp/held`
  let live = await openSession(held)
  return {
    router,
    broken,
    wobbly,
    runs,
    sessions: async () => {
      const signal = AbortSignal.timeout(ANSWER_MS)
      const ping = await rawRequest(held, legacyRequest('ping', {}, { session: live, signal }))
      if (ping.status !== 200) live = await openSession(held)
      return { live, ending: await openSession(held) }
    },
    canary: () => callRightly(router.mcpUrl),
    complaint,
    leftovers: () => leftoversOf(router),
    descriptors: async () => {
      await pause(LINGERED_MS)
      return readdirSync(`/proc/${router.child.pid}/fd`).length
    },
  }
}

/** A call that is right: what comes is for `sound` to say, and within the time that a caller would wait. */
export async function callRightly(url: string, answerMs = ANSWER_MS): Promise<void> {
  const signal = AbortSignal.timeout(answerMs)
  const answer = await modernCall(url, 'echo', { canary: true }, { signal }).catch(
    (error: unknown) => {
      if (signal.aborted) throw new Error(`a right call had no answer within ${answerMs} ms`)
      throw error
    },
  )
  if (answer.status !== 200 || servedBy(answer) !== 'sound')
    throw new Error(`a right call was answered ${answer.status}: ${answer.body.toString()}`)
}

/** Lines that are no log, and lines that log a defect. What a caller wrote stands in strings, and is not taken for either. */
function listenTo(router: RouterProcess): () => string | undefined {
  let found: string | undefined
  let rest = ''
  void router.exited.then(({ code, signal }) => {
    found ??= `the router ended with ${signal ?? code}: ${router.stderr().slice(-2_000)}`
  })
  router.child.stderr?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    found ??= lines.find(isComplaint)
  })
  return () => found
}

export function isComplaint(line: string): boolean {
  if (!line.startsWith('{')) return line.trim() !== ''
  const { event, result } = JSON.parse(line) as {
    readonly event?: string
    readonly result?: string
  }
  return event === 'defect' || result === 'defect'
}

/** How often it is looked again, until everything is given back or never will be. */
const LOOKS = 50
/** Connections that ended with a refusal are there a second longer, so that it can be read. */
const LINGERED_MS = 1_500
const LOOK_EVERY_MS = 100

async function leftoversOf(router: RouterProcess): Promise<readonly string[]> {
  let left: readonly string[] = []
  for (let look = 0; look < LOOKS; look += 1) {
    left = await heldNow(router)
    if (left.length === 0) return left
    await pause(LOOK_EVERY_MS)
  }
  return left
}

async function heldNow(router: RouterProcess): Promise<readonly string[]> {
  const { calls } = await router.view()
  const { items } = await router.clusters()
  const figures: Readonly<Record<string, number>> = {
    'calls in flight': calls.inFlight,
    'open streams': calls.streams,
    ...Object.fromEntries(
      items.flatMap(({ name, waiting, endpoints }) => [
        [`${name}: waiting`, waiting],
        ...endpoints.flatMap(({ key, inFlight, streams }) => [
          [`${name} ${key}: in flight`, inFlight],
          [`${name} ${key}: streams`, streams],
        ]),
      ]),
    ),
  }
  return Object.entries(figures).flatMap(([what, count]) =>
    count === 0 ? [] : [`${what} ${count}`],
  )
}
