// Keeps a body as it comes: to its end, or until its beginning says that it will be refused. What a caller sends beyond that is not kept,
// so that a body made to cost costs no more than its beginning.
import type { Refusal } from '#router/pipeline/stage.ts'
import type { BodyRoom } from './body-room.ts'

export interface BodyRules {
  readonly maxBodyBytes: number
  /** What is wrong already with a body of which this is the beginning. */
  readonly misreadBeginning: (beginning: Buffer) => Refusal | undefined
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

export class BodyReader {
  readonly #rules: BodyRules & { readonly room: BodyRoom }
  /** Bytes that are to come at most: believed as far as something came, or a caller would fill the memory with a word. */
  readonly #limit: number
  readonly #declared: number | undefined
  /** What has come, and room for what comes next. */
  #bytes: Buffer = NOTHING
  #size = 0
  #nextLook = FIRST_LOOK

  /** `declared`: how long the caller says that it is; undefined where its end is told by chunks. */
  constructor(declared: number | undefined, rules: BodyRules & { readonly room: BodyRoom }) {
    this.#declared = declared
    this.#rules = rules
    this.#limit = declared ?? rules.maxBodyBytes
  }

  /** The bytes are the caller's again afterwards. Says why the body is not read on; then nothing of it is kept. */
  take(chunk: Buffer): Refusal | undefined {
    const refusal = this.#taken(chunk)
    if (refusal !== undefined) this.close()
    return refusal
  }

  /** What has come, when that is all. */
  whole(): Buffer {
    const bytes = this.#bytes
    const size = this.#size
    this.close()
    return size === bytes.length ? bytes : Buffer.from(bytes.subarray(0, size))
  }

  /** Gives its room back. */
  close(): void {
    this.#rules.room.swap(this.#bytes.length, 0)
    this.#bytes = NOTHING
  }

  #taken(chunk: Buffer): Refusal | undefined {
    const { maxBodyBytes, room, misreadBeginning } = this.#rules
    const before = this.#size
    const size = before + chunk.length
    if (size > maxBodyBytes) return tooLarge(maxBodyBytes)
    if (size > this.#bytes.length) {
      const length = Math.min(size * TIMES_MORE, this.#limit)
      if (!room.swap(this.#bytes.length, length)) return NO_ROOM
      this.#bytes = enlarged(this.#bytes, before, length)
    }
    chunk.copy(this.#bytes, before)
    this.#size = size
    if (size < this.#nextLook || size * TIMES_MORE > (this.#declared ?? Number.NaN))
      return undefined
    this.#nextLook = size * TIMES_MORE
    return misreadBeginning(this.#bytes.subarray(0, size))
  }
}

function enlarged(bytes: Buffer, size: number, room: number): Buffer {
  const larger = Buffer.allocUnsafe(room)
  bytes.copy(larger, 0, 0, size)
  return larger
}

export const tooLarge = (maxBodyBytes: number): Refusal => ({
  code: 'RINGMAIN_PAYLOAD_TOO_LARGE',
  says: `The limit is ${maxBodyBytes} bytes.`,
})
