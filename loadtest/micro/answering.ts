// What it costs to read an answer on its way: all of it strictly, with the caller's id put in its place, or only watched.
import { IdSwap } from '#router/eras/id-swap.ts'
import type { Work } from './batches.ts'

/** What it cost to look at the outline alone, and one microsecond of a machine two and a half times slower. */
const BAR_NS = { same: 1_100, other: 1_500 }
const TEXT = 'Take the train, says the travel policy of 2026. '.repeat(5)
const ANSWER = Buffer.from(
  `{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","content":[{"type":"text","text":"${TEXT}"}],"structuredContent":{"found":true,"ids":[1,2,3]}}}`,
)

export const answeringWorks = (): readonly Work[] => [
  { name: 'answer 400 B, same id', run: () => read('1', '1'), barNs: BAR_NS.same },
  { name: 'answer 400 B, another id', run: () => read('1', '"x"'), barNs: BAR_NS.other },
]

function read(expectedJson: string, replacementJson: string): Buffer {
  const swap = new IdSwap(expectedJson, replacementJson)
  const pieces: Buffer[] = []
  swap.feed(ANSWER, 0, ANSWER.length, piece => void pieces.push(piece))
  if (swap.end() !== 'answer') throw new Error('it is an answer')
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
}
