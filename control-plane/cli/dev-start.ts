// Starts the demo mesh in the only order that works: replicas listen before the registry names them, and the registry
// is whole before the router reads it. Every part is entered in `Running`, so that a stop halfway finds it.
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { RouterView } from '#foundation/admin-views.ts'
import { formatDuration } from '#foundation/duration.ts'
import { type Child, type ChildSpec, startChild } from './dev-child.ts'
import { type ConsulAgent, leaderElected, startConsul } from './dev-consul.ts'
import {
  type ConsulPorts,
  logFile,
  preparePolicies,
  sharedFolder,
  writeRecord,
  writeRegistry,
} from './dev-files.ts'
import { demoMesh, type ReplicaAt, type ReplicaPlan } from './dev-mesh.ts'
import { waitUntilReady } from './dev-ready.ts'
import { EXIT, Failure } from './failure.ts'
import { DEMO_FOLDER, isUsualState, ROUTER_MAIN } from './repository.ts'
import type { Terminal } from './terminal.ts'

const START_LIMIT_MS = 30_000
const RETURN_LOOK_MS = 1_000

export interface DevOptions {
  readonly consul: boolean
  readonly port: string
  readonly adminPort: string
  readonly state: string
}

export interface DemoPlan {
  readonly options: DevOptions
  /** Absolute path of the state folder. */
  readonly state: string
  readonly terminal: Terminal
  readonly consul: { readonly bin: string; readonly ports: ConsulPorts } | undefined
  /** How long the router may drain, as written. */
  readonly drain: string
  readonly startedMs: number
}

export interface Running {
  replicas: Child[]
  router: Child | undefined
  consul: ConsulAgent | undefined
  /** Set before anything is stopped: nothing is started after it, and no end is news. */
  isEnding: boolean
}

/** Settles when every replica is up and the router serves. */
export async function startDemo(plan: DemoPlan, running: Running): Promise<RouterView> {
  const { state, terminal, consul } = plan
  const say = (sentence: string): void =>
    terminal.say(`  ${formatDuration(performance.now() - plan.startedMs)}  ${sentence}`)
  if (consul !== undefined) await startAgent(plan, running, say)
  const replicas = await Promise.all(demoMesh.map(replica => startReplica(plan, running, replica)))
  writeRegistry(state, replicas)
  writeRecord(state, { pid: process.pid, replicas, ...(consul === undefined ? {} : { consul }) })
  say(`${replicas.length} replicas listen; starting the router`)
  const admin = await startRouter(plan, running)
  say('the router listens; waiting until it has checked every replica')
  return waitUntilReady(admin, say, () => mustGoOn(running))
}

/** What a second shell must add to reach this mesh. */
export const stateFlag = ({ state }: DevOptions): string =>
  isUsualState(state) ? '' : ` --state ${state}`

function mustGoOn({ isEnding }: Running): void {
  if (isEnding)
    throw new Failure(EXIT.interrupted, { code: 'interrupted', what: 'the start was broken off' })
}

function startPart(running: Running, spec: ChildSpec): Child {
  mustGoOn(running)
  return startChild(spec)
}

async function startAgent(
  { consul, state, terminal, options }: DemoPlan,
  running: Running,
  say: (sentence: string) => void,
): Promise<void> {
  if (consul === undefined) return
  mustGoOn(running)
  const agent = await startConsul(consul.bin, consul.ports, state)
  running.consul = agent
  mustGoOn(running)
  tellOfEnd(agent.child, running, how =>
    terminal.say(
      `Consul ended with ${how}; calls go on with the last set it gave. Start it again: npx ringmain dev consul${stateFlag(options)}`,
    ),
  )
  await leaderElected(agent)
  say(`Consul listens at ${agent.url}`)
}

async function startReplica(
  { state, terminal, options }: DemoPlan,
  running: Running,
  plan: ReplicaPlan,
): Promise<ReplicaAt> {
  const child = startPart(running, {
    name: plan.name,
    ...replicaCommand(plan, 0, { state, consul: running.consul?.url }),
    logFile: logFile(state, plan.name),
  })
  running.replicas.push(child)
  const { port } = await child.firstMessage<{ readonly port: number }>('listening', START_LIMIT_MS)
  tellOfEnd(child, running, how => {
    terminal.say(
      `${plan.name} ended with ${how}. Start it again: npx ringmain dev replica ${plan.name}${stateFlag(options)}`,
    )
    void tellOfReturn({ name: plan.name, port }, running, terminal)
  })
  return { ...plan, port }
}

function tellOfEnd(child: Child, running: Running, tell: (how: string) => void): void {
  void child.exited.then(({ code, signal }) => {
    if (!running.isEnding) tell(signal ?? `exit code ${code}`)
  })
}

/** Somebody else starts it again; from here on only its port can be watched. */
async function tellOfReturn(
  { name, port }: Pick<ReplicaAt, 'name' | 'port'>,
  running: Running,
  terminal: Terminal,
): Promise<void> {
  for (let isUp = false; !running.isEnding; ) {
    await pause(RETURN_LOOK_MS, undefined, { ref: false })
    const answers = await isHealthy(port)
    if (answers !== isUp && !running.isEnding)
      terminal.say(`${name} is ${answers ? 'back' : 'gone again'}`)
    isUp = answers
  }
}

async function isHealthy(port: number): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(RETURN_LOOK_MS)
    return (await fetch(`http://127.0.0.1:${port}/healthz`, { signal })).ok
  } catch {
    return false // Nobody listens there: that is what is being asked.
  }
}

/** How a replica is started, here and again from a second shell. */
export function replicaCommand(
  plan: ReplicaPlan,
  port: number,
  at: { readonly state: string; readonly consul: string | undefined },
): Pick<ChildSpec, 'file' | 'args'> {
  return {
    file: join(DEMO_FOLDER, `${plan.program}.ts`),
    args: [
      // Apart, not as one word: `pkill -f 'name search-2'` is how a person finds it.
      '--name',
      plan.name,
      `--port=${port}`,
      `--service=${plan.service}`,
      `--zone=${plan.zone}`,
      `--state=${sharedFolder(at.state)}`,
      ...(at.consul === undefined ? [] : [`--register=consul=${at.consul}`]),
    ],
  }
}

/** Settles with the address of its admin listener. */
async function startRouter({ options, state, drain }: DemoPlan, running: Running): Promise<string> {
  const router = startPart(running, {
    name: 'router',
    file: ROUTER_MAIN,
    args: [],
    env: {
      RINGMAIN_POLICIES: preparePolicies(state, options.consul),
      RINGMAIN_PORT: options.port,
      RINGMAIN_ADMIN_PORT: options.adminPort,
      RINGMAIN_STATE: state,
      RINGMAIN_DRAIN: drain,
      ...(running.consul === undefined ? {} : { RINGMAIN_CONSUL: running.consul.url }),
    },
    logFile: logFile(state, 'router'),
  })
  running.router = router
  const message = await router.firstMessage<{ readonly admin: string }>('listening', START_LIMIT_MS)
  return message.admin
}
