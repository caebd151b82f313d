// `npm run bench:micro`: nanoseconds of CPU a call of each part of the hot path. Bars grow with what a small JSON.parse costs
// in the same run. A row that is over is looked at, and fails nothing: the gates that hold on any machine are tests.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { seededRandom } from '#foundation/clock.ts'
import { answeringWorks } from './answering.ts'
import { scaled, type Timed, timeAll, type Work } from './batches.ts'
import { choosingWorks } from './choosing.ts'
import { ejectingWorks } from './ejecting.ts'
import { readingWorks, YARDSTICK } from './reading.ts'
import { recordingWorks } from './recording.ts'
import { stageWorks } from './stages.ts'

const USAGE = 64
const PACE = { batches: 9, batchMs: 20 } as const
const root = join(import.meta.dirname, '..', '..')

function optionsOrExit(): { readonly only?: string; readonly json?: string } {
  try {
    return parseArgs({
      args: process.argv.slice(2),
      options: { only: { type: 'string' }, json: { type: 'string' } },
    }).values
  } catch (error) {
    process.stderr.write(
      `bench:micro: ${(error as Error).message}\nnpm run bench:micro -- [--only WORD] [--json FILE]\n`,
    )
    process.exit(USAGE)
  }
}

const number = (ns: number): string =>
  ns < 1_000 ? `${ns.toFixed(ns < 100 ? 1 : 0)} ns` : `${(ns / 1_000).toFixed(2)} us`

function lineOf({ name, barNs, ns }: Timed): string {
  const cells = [
    number(ns.median).padStart(11),
    number(ns.min).padStart(11),
    number(ns.max).padStart(11),
    (barNs === undefined ? '' : number(barNs)).padStart(11),
    barNs === undefined ? '' : ns.median > barNs ? '  over' : '  under',
  ]
  return `${name.padEnd(30)}${cells.join('')}`.trimEnd()
}

function save(timed: readonly Timed[], seed: number, to: string | undefined): string {
  const at = new Date().toISOString()
  const file = resolve(to ?? join(root, '.ringmain/bench', `micro-${at.replaceAll(':', '-')}.json`))
  mkdirSync(dirname(file), { recursive: true })
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }
  writeFileSync(file, `${JSON.stringify({ at, machine, seed, ...PACE, timed }, undefined, 1)}\n`)
  return file
}

const { only, json } = optionsOrExit()
const works: readonly Work[] = [
  ...readingWorks(),
  ...answeringWorks(),
  ...choosingWorks(),
  ...ejectingWorks(),
  ...stageWorks(),
  ...recordingWorks(),
].filter(({ name }) => name === YARDSTICK.name || name.includes(only ?? ''))
if (only !== undefined && !works.some(({ name }) => name.includes(only))) {
  process.stderr.write(`bench:micro: no row has "${only}" in its name\n`)
  process.exit(USAGE)
}
const seed = Date.now() % 1_000_000
const timed = scaled(await timeAll(works, PACE, seededRandom(seed)), YARDSTICK)
const titles = ['median', 'min', 'max', 'bar'].map(title => title.padStart(11)).join('')
process.stdout.write(
  `${`CPU a call, ${PACE.batches} batches`.padEnd(30)}${titles}\n${timed.map(lineOf).join('\n')}\n`,
)
process.stdout.write(`figures: ${save(timed, seed, json)}\n`)
process.exit(0) // the writer of the log would wait for its next flush
