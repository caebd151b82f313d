// `npm run bench`: the router beside nginx, haproxy and a bare proxy, in one interleaved run on two cores.
// Absolute figures belong to one machine and hour; what is judged are medians of same-round ratios.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { type Arm, type Bench, startUpstream } from './arms.ts'
import { Children } from './children.ts'
import { type Compared, compare, heyFor } from './compare.ts'
import { Gauge } from './measure.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { profile } from './profile.ts'
import { reportOf } from './report.ts'
import { CALL, headersFor, signToken } from './request.ts'
import type { ArmName } from './slices.ts'
import { judge, type Verdict } from './verdict.ts'
import { wrkScript } from './wrk.ts'

/** `inconclusive` means try again later, as in sysexits: whoever automates this must not take it for a miss. */
const EXIT = {
  held: 0,
  missed: 1,
  usage: 64,
  unavailable: 69,
  broken: 70,
  inconclusive: 75,
} as const
/** Most that is spent on waiting for a quiet machine and on second tries, together. */
const PATIENCE_MS = { full: 90_000, quick: 10_000 } as const
const FIXED_SECONDS = 4
const root = join(import.meta.dirname, '..', '..')

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`)

function leave(code: number, text: string): never {
  say(text)
  process.exit(code)
}

/** Debian's packages, by the program that is called. */
const PROGRAMS: Readonly<Record<string, string>> = {
  wrk: 'wrk',
  nginx: 'nginx-light',
  haproxy: 'haproxy',
  taskset: 'util-linux',
  setpriv: 'util-linux',
  hey: 'hey',
}

function versionOf(program: string): string | undefined {
  try {
    // wrk prints its version with its usage and fails; what counts is that it is there.
    const text = execFileSync('sh', ['-c', `command -v ${program} && (${program} -v 2>&1 || true)`])
    return text.toString().split('\n')[1] ?? ''
  } catch {
    return undefined // not on PATH: told by whoever asked
  }
}

function needed({ arms, mode }: Options): readonly string[] {
  const has = (name: ArmName): boolean => mode === 'compare' && arms.includes(name)
  return [
    'wrk',
    'nginx',
    'taskset',
    'setpriv',
    ...(has('haproxy') || has('haproxy+jwt') ? ['haproxy'] : []),
  ]
}

function mustHave(options: Options): void {
  if (process.platform !== 'linux')
    leave(EXIT.unavailable, 'it pins cores and reads the kernel accounting of Linux; run it there')
  if (availableParallelism() < 2)
    leave(EXIT.unavailable, 'it needs two cores: one for the load, one for what is measured')
  const missing = needed(options).filter(program => versionOf(program) === undefined)
  if (missing.length === 0) return
  const packages = [...new Set(missing.map(program => PROGRAMS[program] ?? program))].join(' ')
  leave(
    EXIT.unavailable,
    `${missing.join(', ')} is not on PATH; install it (Debian: apt-get install ${packages}) and run again`,
  )
}

interface Started {
  readonly bench: Bench
  readonly arms: Map<ArmName, Arm>
  readonly gauge: Gauge
  readonly script: string
  readonly bodyFile: string
}

async function start(options: Options): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'ringmain-bench-'))
  const children = new Children(folder)
  const token = signToken(Math.floor(Date.now() / 1_000))
  const script = join(folder, 'call.lua')
  const bodyFile = join(folder, 'call.json')
  writeFileSync(script, wrkScript(token.jwt))
  writeFileSync(bodyFile, CALL)
  const upstream = await startUpstream({ children, folder, token })
  const arms = new Map<ArmName, Arm>() // bounded by the names of arms
  const pids = (): readonly number[] => [
    upstream.child.pid,
    ...[...arms.values()].map(({ child }) => child.pid),
  ]
  const patienceMs = PATIENCE_MS[options.isQuick ? 'quick' : 'full']
  return {
    bench: { root, folder, children, token, upstreamPort: upstream.port },
    arms,
    gauge: new Gauge(children, pids, patienceMs),
    script,
    bodyFile,
  }
}

async function runCompare(options: Options): Promise<number> {
  const started = await start(options)
  const { token } = started.bench
  const hasHey = !options.isQuick && versionOf('hey') !== undefined
  if (!hasHey)
    say(
      `no fixed rate: ${options.isQuick ? 'left out of a quick run' : 'hey is not on PATH (Debian: apt-get install hey)'}`,
    )
  const compared = await compare({
    ...started,
    options,
    say,
    hey: hasHey ? heyFor(started.bodyFile, headersFor(token.jwt), FIXED_SECONDS) : undefined,
  })
  await started.bench.children.endAll()
  const verdict = judge(compared.slices, compared.fixed)
  const file = save(options, compared, verdict)
  process.stdout.write(
    `seed ${options.seed}, ${options.rounds} rounds, ${options.restarts} starts\n\n`,
  )
  process.stdout.write(reportOf(compared.slices, compared.fixed, verdict))
  process.stdout.write(`figures: ${file}\n`)
  return EXIT[verdict.ending]
}

/** Everything, slices that were dropped included, with the machine it was measured on. */
function save(options: Options, compared: Compared, verdict: Verdict): string {
  const at = new Date().toISOString()
  const file = resolve(
    options.json ?? join(root, '.ringmain/bench', `${at.replaceAll(':', '-')}.json`),
  )
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    kernel: release(),
    node: process.version,
    ...Object.fromEntries(
      ['nginx', 'haproxy', 'wrk'].map(program => [program, versionOf(program)]),
    ),
  }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(
    file,
    `${JSON.stringify({ at, machine, options, verdict, ...compared }, undefined, 1)}\n`,
  )
  return file
}

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    process.stdout.write(USAGE)
    return EXIT.held
  }
  const read = readOptions(process.argv.slice(2), () => Date.now() % 1_000_000)
  if ('problem' in read) leave(EXIT.usage, `${read.problem}\n${USAGE}`)
  const { options } = read
  mustHave(options)
  if (options.mode === 'compare') return runCompare(options)
  const started = await start(options)
  const text = await profile(started, options, join(root, '.ringmain/bench'))
  await started.bench.children.endAll()
  process.stdout.write(text)
  return EXIT.held
}

try {
  process.exit(await main())
} catch (error) {
  leave(EXIT.broken, `it broke off: ${(error as Error).message}`)
}
