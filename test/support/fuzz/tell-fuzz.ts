// What a run of the fuzzer is held to, in one form for the test and the story.
import { mebibytes } from '#test/support/router-process.ts'
import type { Story } from '#test/support/story.ts'
import type { FuzzRig } from './fuzz-rig.ts'
import type { FuzzResult } from './fuzz-run.ts'

/**
 * Between the middle of the second quarter and that of the last, in bytes. Measured flat within 2 MiB over a minute, and 8 where the
 * first half still warms up; a router that kept one kilobyte of each case would be past it within three minutes.
 */
const GROWTH = 24 * 1_048_576
/** What Node holds itself, listeners, and a connection or two to each replica. The cases hold none any more. */
const DESCRIPTORS = 70
/** One a second: a run of a few seconds is still warming up, and says nothing of growth. */
const LEAST_SAMPLES = 16
/** Of the cases. A machine that is this busy has tried too few, and a router that refuses more than it must is to be found. */
const MOST_SHED = 0.25
/** The others are in the same folder. */
const SHOWN = 5

export async function tellFuzz(
  story: Pick<Story, 'tell' | 'hold'>,
  rig: Pick<FuzzRig, 'complaint' | 'leftovers' | 'descriptors'>,
  result: FuzzResult,
): Promise<void> {
  const { cases, answers, findings, refused, cut, silent, shed, memory } = result
  for (const { wrong, file } of findings.slice(0, SHOWN))
    story.hold('a finding', `${wrong.slice(0, 300)}; again with --replay=${file}`, false)
  story.hold('cases', `${cases}, ${findings.length} findings`, cases > 0 && findings.length === 0)
  story.hold(
    'refused because the machine is too busy (at most a quarter)',
    String(shed),
    shed <= cases * MOST_SHED,
  )
  const statuses = [...answers].toSorted(([one], [other]) => one - other)
  story.tell('answers', statuses.map(([status, count]) => `${status}: ${count}`).join(', '))
  story.tell('broken answers of tool servers', `${refused} told of in words, ${cut} cut`)
  story.tell('callers who ended or broke off, and were told nothing', String(silent))
  const complaint = rig.complaint()
  story.hold(
    'complaints of the router',
    complaint?.slice(0, 600) ?? 'none',
    complaint === undefined,
  )
  if (complaint !== undefined) return
  const left = await rig.leftovers()
  story.hold('still held by nobody', left.join(', ') || 'nothing', left.length === 0)
  const open = await rig.descriptors()
  story.hold('open descriptors at the end', String(open), open < DESCRIPTORS)
  if (memory.length < LEAST_SAMPLES) {
    story.tell('memory', `not judged: ${memory.length} samples, ${LEAST_SAMPLES} are needed`)
    return
  }
  const quarter = Math.floor(memory.length / 4)
  const before = middle(memory.slice(quarter, 2 * quarter))
  const after = middle(memory.slice(-quarter))
  story.hold(
    'memory, second quarter and last',
    `${mebibytes(before)}, ${mebibytes(after)}`,
    after - before < GROWTH,
  )
}

const middle = (figures: readonly number[]): number =>
  figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)] ?? 0
