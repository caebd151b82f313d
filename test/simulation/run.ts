// `npm run test:simulation`: plays many seeds and prints how many a second, and the first that fails. `-- --seeds=10000` plays so many,
// `--from=N` from there on, `--seed=N` one of them with all that happens in it. Ends with 1 when one failed.
import { parseArgs } from 'node:util'
import { type Run, simulate } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
})
/** Of seeds that failed. */
const MOST_NAMED = 10
const whole = (name: string, text: string): number => {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  console.error(`--${name} takes a whole number, not ${text}`)
  process.exit(64)
}

async function replay(seed: number): Promise<boolean> {
  const { trace, breach } = await simulate(seed)
  for (const line of trace) console.log(line)
  console.log(breach === undefined ? `seed ${seed}: nothing broke` : `seed ${seed}: ${breach.what}`)
  return breach === undefined
}

async function playMany(from: number, count: number): Promise<boolean> {
  const began = process.hrtime.bigint()
  const failed: Run[] = []
  const sums = {
    calls: 0,
    sentAgain: 0,
    ejections: 0,
    sessions: 0,
    lostSessions: 0,
    not_done: 0,
    unknown: 0,
    left: 0,
  }
  for (let seed = from; seed < from + count; seed += 1) {
    const run = await simulate(seed)
    if (run.breach !== undefined) failed.push(run)
    for (const what of ['calls', 'sentAgain', 'ejections', 'sessions', 'lostSessions'] as const)
      sums[what] += run[what]
    for (const fate of ['not_done', 'unknown', 'left'] as const) sums[fate] += run.fates[fate]
  }
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  console.log(
    `${count} seeds from ${from} in ${seconds.toFixed(1)} s: ${(count / seconds).toFixed(1)} seeds/s`,
  )
  console.log(
    `${sums.calls} calls, of which ${sums.sentAgain} went to more than one replica, ${sums.not_done} did not run, ${sums.unknown} ended unknown, ${sums.left} were left; ${sums.ejections} ejections; ${sums.lostSessions} of ${sums.sessions} sessions lost`,
  )
  const [first] = failed
  if (first?.breach === undefined) console.log('every invariant held')
  else {
    console.log(`${failed.length} failed; the first is seed ${first.seed}: ${first.breach.what}`)
    console.log(
      `others: ${failed
        .slice(1, MOST_NAMED)
        .map(({ seed }) => seed)
        .join(', ')}`,
    )
    console.log(`again, with all that happens: npm run test:simulation -- --seed=${first.seed}`)
  }
  return first === undefined
}

const isGood =
  values.seed === undefined
    ? await playMany(whole('from', values.from), whole('seeds', values.seeds))
    : await replay(whole('seed', values.seed))
process.exitCode = isGood ? 0 : 1
