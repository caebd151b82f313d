// Puts other names in the place of those that stand at known places of a JSON text while it goes past. Works on any split of the bytes
// and holds no more than one name.
import { JsonScan } from './json-scan.ts'

/** What stands where: by key, for each element, or a name, of which `Kind` tells what becomes of it. */
export interface Place<Kind extends string> {
  readonly keys?: Readonly<Record<string, Place<Kind>>>
  readonly each?: Place<Kind>
  readonly name?: Kind
}

type Rename<Kind> = (kind: Kind, name: string) => string
/** Takes `bytes[from, to)`. */
type Sink = (bytes: Buffer, from: number, to: number) => void

/** In bytes of JSON. One that is longer is none that a caller could send back. */
const LONGEST_NAME = 8_192
/** No key that counts is longer, spelt in escapes. */
const LONGEST_KEY = 512
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b
const NEWLINE = Buffer.from('\n')

/** A container that is open, and what may stand in it. */
interface Open<Kind extends string> {
  readonly place: Place<Kind>
  readonly isObject: boolean
}

export class NameSwap<Kind extends string> {
  readonly #root: Place<Kind>
  readonly #rename: Rename<Kind>
  readonly #scan = new JsonScan()
  /** From the outermost in, as far as names may stand in them: no deeper than the places. */
  readonly #open: Open<Kind>[] = []
  /** The value that comes next, or goes past. */
  #value: Place<Kind> | undefined
  #isKey = false
  /** Of a key or a name, what came in pieces before. */
  #held: Buffer[] = []
  #heldBytes = 0
  #isTooLong = false

  constructor(root: Place<Kind>, rename: Rename<Kind>) {
    this.#root = root
    this.#rename = rename
    this.#expect(root)
  }

  get isBroken(): boolean {
    return this.#isTooLong || this.#scan.isBroken
  }

  feed(bytes: Buffer, from: number, to: number, sink: Sink): void {
    let sent = from
    let at = from
    while (at < to && !this.isBroken) {
      const next = this.#scan.run(bytes, at, to)
      const isStopped = this.#scan.stop !== 0
      const end = isStopped ? next - 1 : next
      if (this.#isName) {
        if (at > sent) sink(bytes, sent, at)
        sent = end
        this.#hold(bytes.subarray(at, end))
        if (isStopped || this.#heldBytes > LONGEST_NAME) this.#release(sink)
      } else if (this.#isKey && this.#heldBytes <= LONGEST_KEY) this.#hold(bytes.subarray(at, end))
      if (isStopped) this.#structure(this.#scan.stop)
      at = next
    }
    if (!this.isBroken && to > sent) sink(bytes, sent, to)
    this.#keep()
  }

  /** A line ends that is none of the text, which to JSON is white space: what waits goes out before the next begins. */
  endLine(sink: Sink): void {
    this.#scan.run(NEWLINE, 0, 1)
    if (!this.#isName || this.#heldBytes === 0 || this.isBroken) return
    const isBlank = this.#text().trim() === ''
    const place = this.#value
    this.#release(sink)
    if (isBlank) this.#value = place // it is still to come
  }

  /** The text is over; the next one may come. */
  begin(): void {
    this.#scan.begin()
    this.#open.length = 0
    this.#isKey = this.#isTooLong = false
    this.#drop()
    this.#expect(this.#root)
  }

  get #isName(): boolean {
    return this.#value?.name !== undefined
  }

  #hold(piece: Buffer): void {
    if (piece.length === 0) return
    this.#held.push(piece)
    this.#heldBytes += piece.length
  }

  /** What was read may be lent: the part of a key or a name that came last outlives it. */
  #keep(): void {
    const last = this.#held.pop()
    if (last !== undefined) this.#held.push(Buffer.from(last))
  }

  #text(): string {
    return Buffer.concat(this.#held).toString()
  }

  #drop(): void {
    this.#held = []
    this.#heldBytes = 0
  }

  /** The name goes on as it is called now; what is no name goes on as it came. */
  #release(sink: Sink): void {
    const held = Buffer.concat(this.#held)
    const kind = this.#value?.name as Kind
    this.#value = undefined
    this.#drop()
    if (held.length === 0) return
    const written = held.toString()
    const json = written.trim()
    if (json.startsWith('"') && held.length > LONGEST_NAME) this.#isTooLong = true
    const name = json.startsWith('"') && !this.isBroken ? parsed(json) : undefined
    if (name === undefined) return sink(held, 0, held.length)
    const renamed = Buffer.from(
      written.replace(json, () => JSON.stringify(this.#rename(kind, name))),
    )
    sink(renamed, 0, renamed.length)
  }

  #structure(stop: number): void {
    switch (stop) {
      case COLON:
        return this.#endKey()
      case COMMA:
        return this.#beginMember()
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.#open.push({ place: this.#value as Place<Kind>, isObject: stop === OPEN_OBJECT })
        return this.#beginMember()
      default:
        this.#open.pop()
        this.#isKey = false
        this.#expect(undefined)
    }
  }

  #beginMember(): void {
    const innermost = this.#open.at(-1)
    this.#isKey = innermost?.isObject === true
    this.#drop()
    this.#expect(this.#isKey ? undefined : innermost?.place.each)
  }

  #endKey(): void {
    const keys = this.#open.at(-1)?.place.keys ?? {}
    const key = this.#heldBytes > LONGEST_KEY ? undefined : parsed(this.#text().trim())
    this.#isKey = false
    this.#drop()
    this.#expect(key !== undefined && Object.hasOwn(keys, key) ? keys[key] : undefined)
  }

  /** The scan stops at the brackets of what is expected, and passes over all else. */
  #expect(value: Place<Kind> | undefined): void {
    this.#value = value
    const isContainer = value?.keys !== undefined || value?.each !== undefined
    this.#scan.watch = this.#open.length + (isContainer ? 1 : 0)
  }
}

function parsed(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined // no JSON, which whoever reads it strictly says
  }
}
