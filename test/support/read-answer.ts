// Reads the bytes of an answer as a connection to a replica would, in the pieces that are given: each into the same memory, which is
// overwritten by the next.

import type { Fields } from '#router/http1/fields.ts'
import { AnswerReader } from '#router/upstream/http1/answer-reader.ts'
import { UpstreamFault } from '#router/upstream/http1/faults.ts'

export interface ReadAnswer {
  /** 0: no head. */
  readonly status: number
  readonly fields: Fields
  readonly body: string
  readonly pieces: number
  readonly keepMs: number
  readonly isWhole: boolean
  /** What came behind it. */
  readonly rest: string
  /** Why it is none. */
  readonly problem: string | undefined
}

const MEMORY = Buffer.alloc(262_144)

/** `pieces` are latin1; `ends`: the connection is closed after them. */
export function read(pieces: readonly string[], ends = false): ReadAnswer {
  let [status, fields, keepMs]: [number, Fields, number] = [0, [], 0]
  const body: Buffer[] = []
  const reader = new AnswerReader({
    onHead: head => {
      status = head.status
      fields = head.fields
      keepMs = head.keepMs
    },
    onData: lent => void body.push(Buffer.from(lent)),
  })
  let rest = ''
  let problem: string | undefined
  try {
    for (const piece of pieces) {
      if (reader.isWhole) {
        rest += piece
        continue
      }
      MEMORY.write(piece, 0, 'latin1')
      const end = reader.read(MEMORY, piece.length)
      if (reader.isWhole) rest = piece.slice(end)
      MEMORY.fill(0x21, 0, piece.length)
    }
    if (ends) reader.close()
  } catch (error) {
    if (!(error instanceof UpstreamFault)) throw error
    problem = error.message
  }
  return {
    status,
    fields,
    keepMs,
    body: Buffer.concat(body).toString('latin1'),
    pieces: body.length,
    isWhole: problem === undefined && reader.isWhole,
    rest,
    problem,
  }
}

export const readInTwo = (bytes: string, at: number, ends = false): ReadAnswer =>
  read([bytes.slice(0, at), bytes.slice(at)], ends)
