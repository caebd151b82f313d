// `ringmain dev`: a whole mesh on one machine, every part a process of its own so that a person can kill one and watch.
// Whichever way it ends, nothing that it started outlives it.
import { mkdirSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import type { RouterView } from '#foundation/admin-views.ts'
import { formatDuration, parseDuration } from '#foundation/duration.ts'
import { cutLongLog } from './dev-child.ts'
import { chooseConsulPorts, consulUrl, mustFindConsul } from './dev-consul.ts'
import { consulFolder, mustBeAlone, removeRecord, sharedFolder } from './dev-files.ts'
import { demoMesh } from './dev-mesh.ts'
import { mustBeFree } from './dev-ports.ts'
import { readyBlock } from './dev-ready.ts'
import { type DemoPlan, type DevOptions, type Running, startDemo, stateFlag } from './dev-start.ts'
import { listenForStop, type StopRequest, stopFamily } from './dev-stop.ts'
import { tellOfTables } from './dev-watch.ts'
import { EXIT } from './failure.ts'
import type { Terminal } from './terminal.ts'

/** Shorter than the router's own default: nobody waits a minute for a demo to end. */
const DEMO_DRAIN = '10s'
const LOG_LOOK_MS = 30_000

export async function runDev(options: DevOptions, terminal: Terminal): Promise<number> {
  const startedMs = performance.now()
  terminal.say(
    `ringmain dev: starting ${demoMesh.length} demo replicas${options.consul ? ', Consul' : ''} and a router`,
  )
  const stop = listenForStop()
  const running: Running = { replicas: [], router: undefined, consul: undefined, isEnding: false }
  const logs = setInterval(() => cutLogs(running), LOG_LOOK_MS)
  let plan: DemoPlan | undefined
  try {
    plan = await prepare(options, terminal, startedMs)
    const started = startDemo(plan, running)
    const first = await Promise.race([started, stop.first])
    const end =
      'why' in first ? first : await showUntilEnd(plan, running, { first, stop: stop.first })
    // A start that was broken off has nothing left to say.
    started.catch(() => undefined)
    terminal.say(`stopping: ${end.why}`)
    return end.exitCode
  } finally {
    clearInterval(logs)
    running.isEnding = true
    if (plan !== undefined) {
      const drainMs = parseDuration(plan.drain) ?? 0
      await stopFamily(running, { drainMs, now: stop.now }, terminal)
      removeRecord(plan.state)
      terminal.say(
        `stopped after ${formatDuration(performance.now() - startedMs)}; nothing is left running`,
      )
    }
    stop.close()
  }
}

async function prepare(
  options: DevOptions,
  terminal: Terminal,
  startedMs: number,
): Promise<DemoPlan> {
  const state = resolve(options.state)
  mkdirSync(state, { recursive: true })
  mustBeAlone(state)
  const bin = options.consul ? mustFindConsul(terminal.env) : undefined
  await mustBeFree([
    { port: options.port, flag: '--port', env: 'RINGMAIN_PORT' },
    { port: options.adminPort, flag: '--admin-port', env: 'RINGMAIN_ADMIN_PORT' },
  ])
  // A fresh mesh each time: expenses and registrations of an earlier run would only puzzle.
  rmSync(sharedFolder(state), { recursive: true, force: true })
  rmSync(consulFolder(state), { recursive: true, force: true })
  const consul = bin === undefined ? undefined : { bin, ports: await chooseConsulPorts() }
  const drain = terminal.env['RINGMAIN_DRAIN'] || DEMO_DRAIN
  return { options, state, terminal, consul, drain, startedMs }
}

/** Shows the ready block, then waits until somebody wants an end or the router ends by itself. */
async function showUntilEnd(
  plan: DemoPlan,
  running: Running,
  { first, stop }: { readonly first: RouterView; readonly stop: Promise<StopRequest> },
): Promise<StopRequest> {
  const { consul, terminal } = plan
  const { router } = running
  const block = readyBlock({
    tookMs: performance.now() - plan.startedMs,
    discovery: consul === undefined ? 'registry file' : 'Consul',
    replicaCount: demoMesh.length,
    router: first,
    state: plan.options.state,
    stateFlag: stateFlag(plan.options),
    ...(consul === undefined ? {} : { consul: consulUrl(consul.ports) }),
  })
  for (const line of block) terminal.print(line)
  void tellOfTables(first.admin, running, terminal.say)
  if (router === undefined) return stop
  const routerEnd = router.exited.then(({ code, signal }) => ({
    exitCode: EXIT.failed,
    why: `the router ended with ${signal ?? `exit code ${code}`}; see ${router.logFile}`,
  }))
  return Promise.race([stop, routerEnd])
}

function cutLogs({ replicas, router, consul }: Running): void {
  for (const child of [...replicas, router, consul?.child]) {
    if (child !== undefined && !child.isGone()) cutLongLog(child.logFile)
  }
}
