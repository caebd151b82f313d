// One case: the bytes of a caller, how they are sent, and what its tool server answers. Text here is one byte a letter, so that a
// case can be kept in a file and sent again.
import { answerSeeds } from './answer-seeds.ts'
import { type Dice, diceOf, seedOfCase } from './dice.ts'
import { byteChanges, splice } from './mutate-bytes.ts'
import { bodyChanges, headChanges } from './mutate-http.ts'
import { otherSeeds, plannedCall, requestSeeds, SESSION } from './seeds.ts'

/** How a side ends after its last byte. */
export type End = 'waits' | 'finishes' | 'finishes later' | 'resets'

export interface Sent {
  readonly writes: readonly string[]
  readonly pauseMs: number
  readonly end: End
}

export interface FuzzCase {
  /** `control` is sent as it should be and must be answered well. */
  readonly kind: 'control' | 'caller' | 'upstream'
  readonly seed: number
  readonly request: Sent
  /** What the tool server answers to the call that names it. */
  readonly answer?: Sent
}

/** A session may have been ended by a case before. */
const controls = requestSeeds.filter(seed => !seed.includes(SESSION))
const bodyOnly = bodyChanges(byteChanges)

export function makeCase(runSeed: number, index: number): FuzzCase {
  const seed = seedOfCase(runSeed, index)
  const dice = diceOf(seed)
  if (dice.isLucky(0.04)) return { kind: 'control', seed, request: whole(dice.pick(controls)) }
  if (dice.isLucky(0.4)) {
    const answer = changed(dice.pick(answerSeeds), answerSeeds, dice)
    return {
      kind: 'upstream',
      seed,
      request: whole(plannedCall(dice.isLucky(0.6))),
      answer: delivered(answer, dice, ['waits', 'finishes', 'finishes', 'resets']),
    }
  }
  const seeds = [...requestSeeds, ...otherSeeds]
  const first = changed(dice.pick(seeds), seeds, dice)
  const bytes = dice.isLucky(0.12) ? Buffer.concat([first, dice.pick(seeds)]) : first
  const ends: readonly End[] = [
    'waits',
    'waits',
    'finishes',
    'finishes later',
    'finishes later',
    'finishes later',
    'resets',
  ]
  return { kind: 'caller', seed, request: delivered(bytes, dice, ends) }
}

const whole = (bytes: Buffer): Sent => ({
  writes: [bytes.toString('latin1')],
  pauseMs: 0,
  end: 'waits',
})

function changed(start: Buffer, others: readonly Buffer[], dice: Dice): Buffer {
  let bytes = start
  const count = 1 + (dice.isLucky(0.4) ? dice.below(4) : 0)
  for (let done = 0; done < count && bytes.length > 0; done += 1)
    bytes = change(bytes, others, dice)
  return bytes
}

function change(bytes: Buffer, others: readonly Buffer[], dice: Dice): Buffer {
  const kind = dice.below(10)
  if (kind === 0) return splice(bytes, dice.pick(others), dice)
  if (kind < 4) return dice.pick(byteChanges)(bytes, dice)
  if (kind < 6) return dice.pick(headChanges)(bytes, dice)
  return dice.pick(bodyOnly)(bytes, dice)
}

function delivered(bytes: Buffer, dice: Dice, ends: readonly End[]): Sent {
  const pauseMs = dice.isLucky(0.1) ? 1 + dice.below(20) : 0
  const end = dice.pick(ends)
  const text = bytes.toString('latin1')
  if (dice.isLucky(0.7)) return { writes: [text], pauseMs, end }
  const writes: string[] = []
  const most = dice.isLucky(0.1) ? 3 : 400
  for (let from = 0; from < text.length && writes.length < 200; ) {
    const size = writes.length === 199 ? text.length : 1 + dice.below(most)
    writes.push(text.slice(from, from + size))
    from += size
  }
  return { writes, pauseMs: Math.min(pauseMs, Math.floor(400 / writes.length)), end }
}
