// Ten thousand healthy replicas in a Consul: what they cost one router process. Consul and the replicas are another process.
// Judged by processor time of the router's own threads, since a wall clock on a busy machine tells what the others did.
// The shares include the probe in the router, which by itself costs some 4 % of a core: the bar for it cannot be met as measured here.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { LOOP_PROBE, type LoopReading, readLoop } from '#test/support/loop-reading.ts'
import type { ManyAsked } from '#test/support/many-consul-process.ts'
import { mebibytes, type RouterProcess, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

const REPLICAS = 10_000
const CHANGED = 100
const TURN_MS = 10
const APPLY_CPU_MS = 300
const CHANGE_CPU_MS = 10
const SETTLED_SHARE = 0.03
/** Until each has been asked for the first time. */
const FIRST_CHECKS_MS = 90_000
const WATCHED_MS = 20_000
const CLUSTER = 'tools'

interface Ground {
  readonly story: Story
  readonly router: RouterProcess
  readonly ask: (asked: ManyAsked) => Promise<void>
  /** How many sets the router has put in place. */
  readonly sets: () => number
}

await tellStory(`${REPLICAS} healthy replicas in a Consul`, async story => {
  const mesh = fork(join(import.meta.dirname, '..', 'support', 'many-consul-process.ts'))
  story.later(() => mesh.kill())
  const [{ consul, service }] = (await once(mesh, 'message')) as [
    { readonly consul: string; readonly service: string },
  ]
  const ask = async (asked: ManyAsked): Promise<void> => {
    mesh.send(asked)
    await once(mesh, 'message')
  }
  await ask({ replicas: 1, changed: 0 })
  const cluster = clusterOf(CLUSTER, [], {
    discovery: { consul: { service } },
    addresses: { allow: ['loopback'] },
  })
  const router = await startRouterProcess(documents(cluster, serverOf('default', [CLUSTER])), {
    env: { RINGMAIN_CONSUL: consul, ...LOOP_PROBE },
    keptOutput: 65_536,
  })
  story.later(router.close)
  await router.untilUp(CLUSTER, 1)
  await pause(1_000) // what a start does by the way must not be in the figures
  const ground = { story, router, ask, sets: countSets(router) }
  await apply(ground)
  await firstChecks(ground)
  const share = await settled(ground)
  await change(ground, share)
})

async function apply({ story, router, ask, sets }: Ground): Promise<void> {
  const seen = sets()
  const before = await readLoop(router)
  const beganMs = performance.now()
  await ask({ replicas: REPLICAS, changed: 0 })
  await until('the set to be applied', () => sets() > seen, 20_000)
  const after = await readLoop(router)
  story.tell('from the change in Consul to all of them known', ms(performance.now() - beganMs))
  holdTurn(story, 'while they are applied', after)
  const cpuMs = after.cpuMs - before.cpuMs
  story.hold(
    `processor time of applying them, first checks that ran meanwhile included (at most ${APPLY_CPU_MS} ms)`,
    ms(cpuMs),
    cpuMs <= APPLY_CPU_MS,
  )
}

async function firstChecks({ story, router }: Ground): Promise<void> {
  const before = await readLoop(router)
  const beganMs = performance.now()
  let checked = 0
  while (checked < REPLICAS && performance.now() - beganMs < FIRST_CHECKS_MS) {
    await pause(1_000)
    checked = await inService(router)
  }
  const after = await readLoop(router)
  const tookMs = performance.now() - beganMs
  story.hold('in service', `${checked} after ${ms(tookMs)}`, checked === REPLICAS)
  holdTurn(story, 'while each is asked for the first time', after)
  story.tell('share of a core meanwhile', percent((after.cpuMs - before.cpuMs) / tookMs))
}

/** Returns the share of a core. */
async function settled({ story, router }: Ground): Promise<number> {
  const before = await readLoop(router)
  await pause(WATCHED_MS)
  const after = await readLoop(router)
  const share = (after.cpuMs - before.cpuMs) / WATCHED_MS
  holdTurn(story, `in ${WATCHED_MS / 1_000} s once they are in service`, after)
  story.hold(
    `share of a core once settled, their checks included (at most ${percent(SETTLED_SHARE)})`,
    percent(share),
    share <= SETTLED_SHARE,
  )
  story.tell('memory', `${mebibytes(after.rss)}, heap ${mebibytes(after.heapUsed)}`)
  return share
}

async function change({ story, router, ask, sets }: Ground, share: number): Promise<void> {
  const seen = sets()
  const before = await readLoop(router)
  const beganMs = performance.now()
  await ask({ replicas: REPLICAS, changed: CHANGED })
  await until('the change to be applied', () => sets() > seen, 20_000)
  const after = await readLoop(router)
  const cpuMs = after.cpuMs - before.cpuMs
  const checksMs = share * (performance.now() - beganMs)
  holdTurn(story, `while ${CHANGED} of them change`, after)
  story.hold(
    `processor time of that, reading the whole answer and the checks meanwhile included (at most ${CHANGE_CPU_MS} ms)`,
    `${ms(cpuMs)}, of which the checks ${ms(checksMs)} by their share`,
    cpuMs <= CHANGE_CPU_MS,
  )
}

function countSets({ child }: RouterProcess): () => number {
  let count = 0
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on('line', line => {
      if (line.includes('"discovery.changed"')) count += 1
    })
  return () => count
}

/** From the line for people: the view of ten thousand would be work of its own. */
async function inService(router: RouterProcess): Promise<number> {
  const [, count] =
    /([0-9]+) of [0-9]+ replicas in service/.exec(JSON.stringify(await router.ready())) ?? []
  return Number(count ?? 0)
}

function holdTurn(story: Story, when: string, { workMs }: LoopReading): void {
  story.hold(
    `most work between two turns of the loop ${when} (at most ${TURN_MS} ms)`,
    ms(workMs),
    workMs <= TURN_MS,
  )
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
