// Reads a body: to its end, or until its beginning says that it will be refused. What a caller sends beyond that is not read, so
// that a body made to cost costs no more than its beginning.
import type { IncomingMessage } from 'node:http'
import type { Refusal } from '#router/pipeline/stage.ts'
import type { BodyRoom } from './body-room.ts'

export interface BodyRules {
  readonly maxBodyBytes: number
  /** What is wrong already with a body of which this is the beginning. */
  readonly misreadBeginning: (beginning: Buffer) => Refusal | undefined
}

/** A body that is not read on. */
export class RefusedBody extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

const NOTHING = Buffer.alloc(0)
/** Long bodies are received within seconds, or not at all. */
const NO_ROOM: Refusal = { code: 'RINGMAIN_ROUTER_BUSY', retryAfterMs: 1_000 }
/** What tools are called with is shorter: most bodies are looked at once, when they are whole. */
const FIRST_LOOK = 131_072
/**
 * From one look to the next and, where the length was said, from the last to the end. A look begins anew: then all of them read a third
 * of the body again at most; a body of unknown length may end right behind one, and is read nearly twice.
 */
const TIMES_MORE = 4

export function readBody(
  request: IncomingMessage,
  rules: BodyRules & { readonly room: BodyRoom },
  done: (error: Error | null, body?: Buffer) => void,
): void {
  const declared = Number(request.headers['content-length']) // NaN where it is not said: neither more nor less than anything
  if (declared > rules.maxBodyBytes) return done(tooLarge(rules))
  let bytes: Buffer = NOTHING // what has come, and room for what comes next
  let size = 0
  let nextLook = FIRST_LOOK
  const take = (chunk: Buffer): void => {
    const before = size
    size += chunk.length
    if (size > rules.maxBodyBytes) return finish(tooLarge(rules))
    if (size > bytes.length) {
      const length = Math.min(size * TIMES_MORE, limitOf(declared, rules))
      if (!rules.room.swap(bytes.length, length)) return finish(new RefusedBody(NO_ROOM))
      bytes = enlarged(bytes, before, length)
    }
    chunk.copy(bytes, before)
    if (size < nextLook || size * TIMES_MORE > declared) return
    nextLook = size * TIMES_MORE
    const refusal = rules.misreadBeginning(bytes.subarray(0, size))
    if (refusal !== undefined) finish(new RefusedBody(refusal))
  }
  const end = (): void =>
    finish(null, size === bytes.length ? bytes : Buffer.from(bytes.subarray(0, size)))
  const finish = (error: Error | null, body?: Buffer): void => {
    request.off('data', take).off('end', end).off('error', finish)
    rules.room.swap(bytes.length, 0)
    done(error, body)
  }
  request.on('data', take).on('end', end).on('error', finish)
}

/** What is said is believed as far as something came: room for a whole body would let a caller fill the memory with a word. */
const limitOf = (declared: number, { maxBodyBytes }: BodyRules): number =>
  Number.isNaN(declared) ? maxBodyBytes : declared

function enlarged(bytes: Buffer, size: number, room: number): Buffer {
  const larger = Buffer.allocUnsafe(room)
  bytes.copy(larger, 0, 0, size)
  return larger
}

const tooLarge = ({ maxBodyBytes }: BodyRules): RefusedBody =>
  new RefusedBody({
    code: 'RINGMAIN_PAYLOAD_TOO_LARGE',
    says: `The limit is ${maxBodyBytes} bytes.`,
  })
