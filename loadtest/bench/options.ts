// What a person may ask of a bench run. An option that cannot apply is refused: a figure under wrong words is worse than none.
import { parseArgs } from 'node:util'
import { ARM_NAMES, type ArmName } from './slices.ts'

export interface Options {
  readonly mode: 'compare' | 'profile'
  readonly isQuick: boolean
  readonly arms: readonly ArmName[]
  readonly connections: readonly number[]
  readonly rounds: number
  readonly restarts: number
  /** Of one slice. */
  readonly seconds: number
  readonly seed: number
  /** Where the figures go; undefined: a file named for the moment. */
  readonly json: string | undefined
}

export const USAGE = `npm run bench -- [options]
  --quick              two minutes: 3 rounds of one start, slices of one second
  --rounds N           rounds, at least one for each start (9)
  --restarts N         starts of the processes (3)
  --seconds N          length of a slice (2)
  --connections N,N    how many connections are held (1,16,64)
  --arms NAME,NAME     of ${ARM_NAMES.join(', ')} (all)
  --seed N             repeats the order of an earlier run
  --json FILE          where the figures go (.ringmain/bench/<date>.json)
  --profile            where the time of one arm goes, instead (router; --arms floor for the floor)
`

const FULL = { rounds: 9, restarts: 3, seconds: 2, connections: [1, 16, 64] } as const
const QUICK = { rounds: 3, restarts: 1, seconds: 1, connections: [1, 16, 64] } as const
const PROFILE = { rounds: 1, restarts: 1, seconds: 5, connections: [16] } as const
/** Arms that are Node programs, which alone have a profile. */
export const PROFILED: readonly ArmName[] = ['router', 'floor']

const OPTIONS = {
  quick: { type: 'boolean' },
  profile: { type: 'boolean' },
  rounds: { type: 'string' },
  restarts: { type: 'string' },
  seconds: { type: 'string' },
  connections: { type: 'string' },
  arms: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'string' },
} as const

type Given = Partial<Record<keyof typeof OPTIONS, string | boolean>>
export type ReadOptions = { readonly options: Options } | { readonly problem: string }

class Problem extends Error {}

/** `fresh`: a seed for when none is given. */
export function readOptions(words: readonly string[], fresh: () => number): ReadOptions {
  try {
    const given: Given = parseArgs({ args: [...words], options: OPTIONS, strict: true }).values
    return { options: optionsOf(given, fresh) }
  } catch (error) {
    const isTold =
      error instanceof Problem ||
      String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
    if (!isTold) throw error
    return { problem: (error as Error).message }
  }
}

function optionsOf(given: Given, fresh: () => number): Options {
  const isQuick = given.quick === true
  const mode = given.profile === true ? 'profile' : 'compare'
  if (mode === 'profile')
    without(given, '--profile', ['quick', 'rounds', 'restarts', 'json', 'seed'])
  if (isQuick) without(given, '--quick', ['rounds', 'restarts', 'seconds'])
  const base = mode === 'profile' ? PROFILE : isQuick ? QUICK : FULL
  const number = (name: 'rounds' | 'restarts' | 'seconds', most: number): number =>
    given[name] === undefined ? base[name] : whole(`--${name}`, given[name], [1, most])
  const options: Options = {
    mode,
    isQuick,
    arms: given.arms === undefined ? defaultArms(mode) : armsOf(String(given.arms)),
    connections:
      given.connections === undefined ? base.connections : connectionsOf(String(given.connections)),
    rounds: number('rounds', 100),
    restarts: number('restarts', 100),
    seconds: number('seconds', 60),
    seed: given.seed === undefined ? fresh() : whole('--seed', given.seed, [0, 4_294_967_295]),
    json: given.json === undefined ? undefined : String(given.json),
  }
  return mode === 'profile' ? checkProfile(options) : checkCompare(options)
}

const defaultArms = (mode: Options['mode']): readonly ArmName[] =>
  mode === 'profile' ? ['router'] : ARM_NAMES

function checkCompare(options: Options): Options {
  if (options.restarts > options.rounds)
    throw new Problem(
      `--restarts ${options.restarts} needs at least as many rounds; there are ${options.rounds}`,
    )
  if (options.arms.length < 2)
    throw new Problem('--arms names one arm; a ratio needs two (or give --profile)')
  return options
}

function checkProfile(options: Options): Options {
  const [arm] = options.arms
  if (options.arms.length !== 1 || arm === undefined || !PROFILED.includes(arm))
    throw new Problem(`--profile takes one arm that is a Node program: ${PROFILED.join(' or ')}`)
  if (options.connections.length !== 1)
    throw new Problem('--profile takes one number of connections')
  return options
}

function without(given: Given, mode: string, names: readonly (keyof Given)[]): void {
  const both = names.filter(name => given[name] !== undefined)
  if (both.length > 0)
    throw new Problem(`${mode} cannot be combined with ${both.map(name => `--${name}`).join(', ')}`)
}

function whole(
  name: string,
  text: string | boolean,
  [least, most]: readonly [number, number],
): number {
  const value = Number(text)
  if (text === '' || !Number.isInteger(value) || value < least || value > most)
    throw new Problem(`${name} must be a whole number from ${least} to ${most}, not "${text}"`)
  return value
}

function listOf(name: string, text: string): readonly string[] {
  const parts = text.split(',').map(part => part.trim())
  const twice = parts.find((part, index) => parts.indexOf(part) !== index)
  if (twice !== undefined) throw new Problem(`${name} names ${twice} twice`)
  return parts
}

function armsOf(text: string): readonly ArmName[] {
  return listOf('--arms', text).map(part => {
    const known = ARM_NAMES.find(name => name === part)
    if (known === undefined)
      throw new Problem(`--arms: there is no arm "${part}"; there are ${ARM_NAMES.join(', ')}`)
    return known
  })
}

const connectionsOf = (text: string): readonly number[] =>
  listOf('--connections', text).map(part => whole('--connections', part, [1, 1_000]))
