// A whole comparison: starts, warming, interleaved slices, and at last a fixed rate. Returns figures and judges nothing.
import { seededRandom } from '#foundation/clock.ts'
import { median, shuffled } from '../statistics.ts'
import { type Arm, type Bench, startArm } from './arms.ts'
import { type Gauge, type Generator, type Place } from './measure.ts'
import type { Options } from './options.ts'
import { isWarm, planOf } from './plan.ts'
import type { ArmName, Slice } from './slices.ts'
import { readHey, readWrk } from './wrk.ts'

export interface Compared {
  readonly slices: readonly Slice[]
  readonly fixed: readonly Slice[]
  /** Calls a second of the fixed rate; undefined: it was not measured. */
  readonly fixedRate: number | undefined
}

export interface Comparison {
  readonly bench: Bench
  readonly gauge: Gauge
  readonly options: Options
  /** Arms that run now, for whoever accounts for them. */
  readonly arms: Map<ArmName, Arm>
  readonly script: string
  /** A load of so many calls a second; undefined: none is measured. */
  readonly hey: ((rate: number) => Generator) | undefined
  readonly say: (text: string) => void
}

const WARM_SECONDS = 2
/** Of what the router can do: a rate that every arm but the slowest holds easily. */
const FIXED_SHARE = 0.35
const FIXED_ROUNDS = 4
const FIXED_CONNECTIONS = 32
const FIXED_ARMS: readonly ArmName[] = ['direct', 'haproxy', 'floor', 'router']
const COMPILED_WHILE_RUNNING: readonly ArmName[] = ['floor', 'router']

export const wrkFor = (script: string, seconds: number): Generator => ({
  command: (url, connections) => [
    'wrk',
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--latency',
    '-s',
    script,
    url,
  ],
  read: readWrk,
})

export const heyFor =
  (file: string, headers: Readonly<Record<string, string>>, seconds: number) =>
  (rate: number): Generator => ({
    command: (url, connections) => [
      'hey',
      '-m',
      'POST',
      '-D',
      file,
      '-z',
      `${seconds}s`,
      '-c',
      String(connections),
      '-q',
      String(rate / connections),
      ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
      url,
    ],
    read: readHey,
  })

export async function compare(run: Comparison): Promise<Compared> {
  const { options, arms, say } = run
  const random = seededRandom(options.seed)
  const slices: Slice[] = []
  const starts = planOf(options, random)
  for (const [start, steps] of starts.entries()) {
    await startAll(run)
    let round = -1
    for (const { arm, ...step } of steps) {
      if (step.round !== round) say(`round ${step.round + 1} of ${options.rounds}`)
      round = step.round
      slices.push(
        await run.gauge.slice(armOf(arms, arm), wrkFor(run.script, options.seconds), {
          ...step,
          start,
        }),
      )
    }
    if (start < starts.length - 1) await endAll(arms)
  }
  const fixed = await atFixedRate(run, slices, random)
  await endAll(arms)
  return { slices, ...fixed }
}

async function startAll({ bench, options, arms, gauge, script, say }: Comparison): Promise<void> {
  say(`starting and warming ${options.arms.join(', ')}`)
  for (const name of options.arms) {
    const arm = await startArm(bench, name)
    arms.set(name, arm)
    await warm(arm, gauge, { script, connections: options.connections })
  }
}

/**
 * What is compiled ahead needs its connections and caches only. What is compiled while it runs is warmed by all that is measured later:
 * a first slice of another kind, or the first end of one with its connections cut in the middle of calls, has code compiled anew.
 */
export async function warm(
  arm: Arm,
  gauge: Gauge,
  { script, connections }: { readonly script: string; readonly connections: readonly number[] },
): Promise<void> {
  const calls: number[] = []
  do {
    const held = connections[calls.length % connections.length] ?? 1
    calls.push((await gauge.load(arm, wrkFor(script, WARM_SECONDS), held)).calls)
  } while (COMPILED_WHILE_RUNNING.includes(arm.name) && !isWarm(calls))
}

async function endAll(arms: Map<ArmName, Arm>): Promise<void> {
  await Promise.all([...arms.values()].map(({ child }) => child.end()))
  arms.clear()
}

/** Latency where nobody is at his limit: at saturation a percentile tells the length of the queue. */
async function atFixedRate(
  run: Comparison,
  slices: readonly Slice[],
  random: () => number,
): Promise<Pick<Compared, 'fixed' | 'fixedRate'>> {
  const names = FIXED_ARMS.filter(name => run.arms.has(name))
  const saturated = slices.filter(({ arm, connections }) => arm === 'router' && connections > 1)
  if (
    run.hey === undefined ||
    !['router', 'haproxy'].every(name => names.includes(name as ArmName)) ||
    saturated.length === 0
  )
    return { fixed: [], fixedRate: undefined }
  const fixedRate = Math.round(median(saturated.map(({ rps }) => rps)) * FIXED_SHARE)
  run.say(`fixed rate of ${fixedRate} calls/s`)
  const fixed: Slice[] = []
  for (let round = 0; round < FIXED_ROUNDS; round += 1) {
    const place: Place = { connections: FIXED_CONNECTIONS, round, start: run.options.restarts - 1 }
    for (const name of shuffled(names, random))
      fixed.push(await run.gauge.slice(armOf(run.arms, name), run.hey(fixedRate), place))
  }
  return { fixed, fixedRate }
}

function armOf(arms: ReadonlyMap<ArmName, Arm>, name: ArmName): Arm {
  const arm = arms.get(name)
  if (arm === undefined) throw new Error(`${name} does not run`)
  return arm
}
