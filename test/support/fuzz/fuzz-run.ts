// Case after case for a time, several at once, and what came of them. Stops at the first findings: what follows them is noise.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FuzzCase, makeCase } from './fuzz-case.ts'
import type { FuzzRig, Sessions } from './fuzz-rig.ts'
import { judge, SHED, type Verdict } from './oracle.ts'
import { ENDING, PLAN, SESSION, TOKEN } from './seeds.ts'
import { fill } from './send-bytes.ts'
import { type Outcome, sendCase } from './send-case.ts'

export interface FuzzOptions {
  readonly seed: number
  readonly forMs: number
  /** Where findings are written. */
  readonly folder: string
  readonly shouldStop?: () => boolean
}

export interface Finding {
  readonly index: number
  readonly wrong: string
  readonly file: string
}

export interface FuzzResult {
  readonly cases: number
  readonly answers: ReadonlyMap<number, number>
  /** Answers that tell of a tool server's broken one, and those that were broken off. */
  readonly refused: number
  readonly cut: number
  /** Connections that ended without an answer, as they may. */
  readonly silent: number
  /** Cases of which nothing is known: they were refused for overload. */
  readonly shed: number
  readonly findings: readonly Finding[]
  /** Memory of the router in bytes, a second apart. */
  readonly memory: readonly number[]
}

/** Many wait most of their time: for a limit to pass, or a tool to end. */
const AT_ONCE = 48
/** A canary so often, and the session looked after. */
const CANARY_EVERY = 100
const MOST_FINDINGS = 5
/** Above the longest limit of the rig, the pause of its checks, and a machine that is busy. */
const HANG_MS = 8_000
const SAMPLE_MS = 1_000
/** How a broken answer is told of. */
const TELLS = /RINGMAIN_(?:UPSTREAM_BAD_RESPONSE|OUTCOME_UNKNOWN)/

export async function fuzz(rig: FuzzRig, options: FuzzOptions): Promise<FuzzResult> {
  const answers = new Map<number, number>() // bounded by what a status may be
  const findings: Finding[] = []
  const memory: number[] = []
  const counts = { cases: 0, refused: 0, cut: 0, silent: 0, shed: 0 }
  let sessions = await rig.sessions()
  const endMs = performance.now() + options.forMs
  const find = (index: number, one: FuzzCase, wrong: string): void => {
    findings.push({ index, wrong, file: keep(options.folder, { index, one, wrong, rig }) })
  }
  const lane = async (): Promise<void> => {
    while (performance.now() < endMs && findings.length < MOST_FINDINGS) {
      if (rig.complaint() !== undefined) return
      const index = counts.cases
      counts.cases += 1
      const one = makeCase(options.seed, index)
      const { verdict, outcome } = await tryCase(rig, one, { index, sessions })
      for (const { status } of outcome.read.answers)
        answers.set(status, (answers.get(status) ?? 0) + 1)
      if (outcome.read.isCut) counts.cut += 1
      if (one.kind === 'upstream' && TELLS.test(outcome.bytes.toString('latin1')))
        counts.refused += 1
      if (verdict.isSilent === true) counts.silent += 1
      if (verdict.isShed === true) counts.shed += 1
      if (verdict.wrong !== undefined) find(index, one, verdict.wrong)
      if (index % CANARY_EVERY !== 0) continue
      try {
        await rig.canary()
        sessions = await rig.sessions()
      } catch (error) {
        const { message } = error as Error
        if (message.includes(SHED)) counts.shed += 1
        else find(index, one, message)
      }
    }
  }
  const sampling = setInterval(() => {
    if (rig.complaint() === undefined) memory.push(rig.router.rss())
  }, SAMPLE_MS)
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
  } finally {
    clearInterval(sampling)
  }
  const complaint = rig.complaint()
  if (complaint !== undefined) {
    for (let index = Math.max(0, counts.cases - AT_ONCE); index < counts.cases; index += 1)
      find(index, makeCase(options.seed, index), 'under way when the router complained')
  }
  return { ...counts, answers, findings, memory }
}

interface Tried {
  readonly verdict: Verdict
  readonly outcome: Outcome
}

/** Sends one case and judges it. `index` makes its token. */
export async function tryCase(
  rig: FuzzRig,
  one: FuzzCase,
  { index, sessions }: { readonly index: number; readonly sessions: Sessions },
): Promise<Tried> {
  const number = String((index % 99_999_999) + 1).padStart(8, '0')
  const token = `tk${number}`
  const plan = `plan${number}`
  const request = fill(one.request, { [TOKEN]: token, ...wordsOf(sessions), [PLAN]: plan })
  const filled = { ...one, request }
  if (one.answer !== undefined) rig.broken.plans.set(plan, one.answer)
  try {
    const port = Number(new URL(rig.router.mcpUrl).port)
    rig.runs.watch(token)
    const outcome = await sendCase(filled, { port, hangMs: HANG_MS })
    return { verdict: judge(filled, token, outcome, await rig.runs.ended(token)), outcome }
  } finally {
    rig.broken.plans.delete(plan)
    rig.runs.forget(token)
  }
}

const wordsOf = ({ live, ending }: Sessions): Readonly<Record<string, string>> => ({
  [SESSION]: live,
  [ENDING]: ending,
})

interface Kept {
  readonly index: number
  readonly one: FuzzCase
  readonly wrong: string
  readonly rig: FuzzRig
}

function keep(folder: string, { index, one, wrong, rig }: Kept): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `case-${one.seed}-${index}.json`)
  const wobbled = JSON.stringify(one).includes('wobbly') ? { wobbled: rig.wobbly.sent } : {}
  writeFileSync(file, `${JSON.stringify({ wrong, ...one, ...wobbled }, undefined, 2)}\n`)
  return file
}

export const readCase = (file: string): FuzzCase =>
  JSON.parse(readFileSync(file, 'utf8')) as FuzzCase
