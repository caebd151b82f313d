// What a story must not leave behind in a router: slots that nobody uses, callers that wait for ever, sockets, timers, listeners.
import { once } from 'node:events'
import { join } from 'node:path'
import type { RouterProcess } from '#test/support/router-process.ts'
import type { Story } from '#test/support/story.ts'
import { until } from '#test/support/until.ts'

export interface Resources {
  readonly sockets: number
  readonly servers: number
  /** Those that hold the process open; the router's own housekeeping does not. */
  readonly timers: number
}

/** For the environment of the process. */
export const RESOURCE_PROBE = {
  NODE_OPTIONS: `--import ${join(import.meta.dirname, 'resource-probe.ts')}`,
}

/** Kept connections to replicas close after a few idle seconds of Node's own; what stands much longer is lost. */
const SETTLE_MS = 20_000

export async function resourcesOf({ child, kill }: RouterProcess): Promise<Resources> {
  const told = once(child, 'message') as Promise<
    [{ readonly counts: Readonly<Record<string, number>> }]
  >
  kill('SIGUSR2')
  const [{ counts }] = await told
  const of = (kind: string): number => counts[kind] ?? 0
  return {
    sockets: of('TCPSocketWrap'),
    servers: of('TCPServerWrap'),
    timers: of('Timeout'),
  }
}

/** Once nobody calls any more; `before` is of the time before anybody did. */
export async function holdNothingLeft(
  story: Story,
  router: RouterProcess,
  before: Resources,
): Promise<void> {
  const isBack = async (): Promise<boolean> => {
    const { sockets, servers, timers } = await resourcesOf(router)
    return sockets <= before.sockets && servers === before.servers && timers <= before.timers
  }
  const held = await heldBy(router)
  const free = await settled('every slot to be free', async () => (await heldBy(router)) === 0)
  story.hold('slots, streams and waiting calls left', free ? '0' : String(held), free)
  const back = await settled('its resources to be given back', isBack)
  const after = await resourcesOf(router)
  const words = ({ sockets, servers, timers }: Resources): string =>
    `${sockets} sockets, ${servers} servers, ${timers} timers`
  story.hold('held before and after', `${words(before)}; ${words(after)}`, back)
  const warnings = router.stderr().match(/MaxListenersExceededWarning/g)?.length ?? 0
  story.hold('warnings of listeners that pile up', String(warnings), warnings === 0)
  const defects = router.lines().filter(({ event }) => event === 'defect').length
  story.hold('defects logged', String(defects), defects === 0)
}

async function heldBy(router: RouterProcess): Promise<number> {
  const { items } = await router.clusters()
  const { calls } = await router.view()
  const ofClusters = items.map(
    ({ waiting, endpoints }) =>
      waiting + endpoints.reduce((sum, { inFlight, streams }) => sum + inFlight + streams, 0),
  )
  return ofClusters.reduce((sum, held) => sum + held, calls.inFlight + calls.streams)
}

async function settled(what: string, look: () => Promise<boolean>): Promise<boolean> {
  try {
    return await until(what, look, SETTLE_MS)
  } catch {
    return false
  }
}
