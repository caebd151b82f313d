// Ten thousand healthy replicas in a Consul: what they cost one router process. Consul and the replicas are another process.
// Judged by processor time of the router's own threads, since a wall clock on a busy machine tells what the others did. First they
// are at addresses that the document does not allow, so that none is asked and the cost of knowing them stands alone; then they
// are allowed, and asked.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import {
  LOOP_PROBE,
  type LoopReading,
  readLoop,
  shareWithoutLooking,
} from '#test/support/loop-reading.ts'
import type { ManyAsked } from '#test/support/many-consul-process.ts'
import { mebibytes, type RouterProcess, startRouterProcess } from '#test/support/router-process.ts'
import { clusterOf, documents, serverOf } from '#test/support/running-router.ts'
import { ms, type Story, tellStory } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

const REPLICAS = 10_000
const CHANGED = 100
const TURN_MS = 10
const APPLY_CPU_MS = 300
const SETTLED_SHARE = 0.03
/** Until each has been asked for the first time. */
const FIRST_CHECKS_MS = 90_000
/** In service, so many carry whatever one router is given. */
const ENOUGH = 1_000
const ENOUGH_MS = 5_000
const WATCHED_MS = 20_000
const SHARE_MS = 60_000
const CLUSTER = 'tools'

interface Ground {
  readonly story: Story
  readonly router: RouterProcess
  readonly ask: (asked: ManyAsked) => Promise<void>
  /** How many sets the router has put in place. */
  readonly sets: () => number
}

await tellStory(`${REPLICAS} healthy replicas in a Consul`, async story => {
  await cost(await begun(story, 'private'))
  await known(await begun(story, 'private'))
  const ground = await begun(story, 'loopback')
  await ground.router.untilUp(CLUSTER, 1)
  await apply(ground, 'while they are taken in and asked')
  await firstChecks(ground)
  await settled(ground)
})

/** A router beside a Consul that knows one replica; where its address is not allowed, replicas are known and never asked. */
async function begun(story: Story, allowed: 'loopback' | 'private'): Promise<Ground> {
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
    addresses: { allow: [allowed] },
  })
  const router = await startRouterProcess(documents(cluster, serverOf('default', [CLUSTER])), {
    env: { RINGMAIN_CONSUL: consul, ...LOOP_PROBE },
    keptOutput: 65_536,
  })
  story.later(router.close)
  const sets = countSets(router)
  await until(
    'the first set',
    () => sets() > 0 || router.stderr().includes('"discovery.changed"'),
    20_000,
  )
  await pause(1_000) // what a start does by the way must not be in the figures
  return { story, router, ask, sets }
}

/** By itself: whoever looks at each turn of a loop that is never idle takes a fifth of the processor time. */
async function cost({ story, router, ask, sets }: Ground): Promise<void> {
  router.child.send('loop rest')
  const seen = sets()
  const before = await readLoop(router)
  await ask({ replicas: REPLICAS, changed: 0 })
  await until('the set to be applied', () => sets() > seen, 20_000)
  const cpuMs = (await readLoop(router)).cpuMs - before.cpuMs
  story.hold(
    `processor time of knowing them, reading 15 MB of Consul's answer included (at most ${APPLY_CPU_MS} ms)`,
    ms(cpuMs),
    cpuMs <= APPLY_CPU_MS,
  )
  await router.close()
}

async function known(ground: Ground): Promise<void> {
  const { story, router } = ground
  await apply(ground, 'while they become known')
  const share = await shareWithoutLooking(router, WATCHED_MS)
  story.tell('share of a core while they are known and none is asked', percent(share))
  await change(ground)
  await router.close()
}

async function apply({ story, router, ask, sets }: Ground, when: string): Promise<void> {
  const seen = sets()
  await readLoop(router)
  const beganMs = performance.now()
  await ask({ replicas: REPLICAS, changed: 0 })
  await until('the set to be applied', () => sets() > seen, 20_000)
  const after = await readLoop(router)
  story.tell(
    `from the change in Consul to all of them known, ${when}`,
    ms(performance.now() - beganMs),
  )
  holdTurn(story, when, after)
}

async function firstChecks({ story, router }: Ground): Promise<void> {
  const before = await readLoop(router)
  const beganMs = performance.now()
  let checked = 0
  let enoughMs = Number.POSITIVE_INFINITY
  while (checked < REPLICAS && performance.now() - beganMs < FIRST_CHECKS_MS) {
    await pause(250)
    checked = await inService(router)
    if (checked >= ENOUGH) enoughMs = Math.min(enoughMs, performance.now() - beganMs)
  }
  const after = await readLoop(router)
  const tookMs = performance.now() - beganMs
  story.hold(
    `until ${ENOUGH} are in service (at most ${ENOUGH_MS} ms)`,
    ms(enoughMs),
    enoughMs <= ENOUGH_MS,
  )
  story.hold('in service', `${checked} after ${ms(tookMs)}`, checked === REPLICAS)
  holdTurn(story, 'while each is asked for the first time', after)
  story.tell('share of a core meanwhile', percent((after.cpuMs - before.cpuMs) / tookMs))
}

async function settled({ story, router }: Ground): Promise<void> {
  await readLoop(router)
  await pause(WATCHED_MS)
  const after = await readLoop(router)
  holdTurn(story, `in ${WATCHED_MS / 1_000} s once they are in service`, after)
  const share = await shareWithoutLooking(router, SHARE_MS)
  story.hold(
    `share of a core once settled, their checks included (at most ${percent(SETTLED_SHARE)})`,
    percent(share),
    share <= SETTLED_SHARE,
  )
  story.tell('memory', `${mebibytes(after.rss)}, heap ${mebibytes(after.heapUsed)}`)
}

async function change({ story, router, ask, sets }: Ground): Promise<void> {
  const seen = sets()
  const before = await readLoop(router)
  await ask({ replicas: REPLICAS, changed: CHANGED })
  await until('the change to be applied', () => sets() > seen, 20_000)
  const after = await readLoop(router)
  holdTurn(story, `while ${CHANGED} of them change`, after)
  story.tell(
    'processor time of that, reading the whole answer included',
    ms(after.cpuMs - before.cpuMs),
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
