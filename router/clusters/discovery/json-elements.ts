// Cuts a JSON list of objects into its elements while its bytes arrive, so that each can be read by itself: one parse of
// 14 MiB would hold up every call for 71 ms. It only finds the ends of elements; what is inside is for the reader to judge.
// Looking at every byte costs as much as parsing, so once two elements were seen the next end is searched for by what stands between
// two: an object that is JSON as far as there ends there.

export interface JsonElements {
  /** Takes the next bytes; says what is wrong with them, once and for all. */
  readonly push: (chunk: Buffer) => string | undefined
  /** No more bytes come. */
  readonly end: () => string | undefined
}

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE] = [0x22, 0x5c, 0x2c, 0x5b, 0x5d] as const
const [OPEN_OBJECT, CLOSE_OBJECT] = [0x7b, 0x7d] as const
const NOT_JSON = 'something that is not JSON'

interface State {
  phase: 'before' | 'first' | 'element' | 'inside' | 'behind' | 'after'
  depth: number
  isInText: boolean
  isEscaped: boolean
  /** Of an element that began in an earlier chunk; bounded by `mostBytes`. */
  pieces: Buffer[]
  heldBytes: number
  /** From the last byte of an element to the second brace of the next one; null: it does not tell where an element ends. */
  seam: Buffer | undefined | null
  problem: string | undefined
}

/** `take` is given the bytes of each element, which change after it returned; false: they are no JSON. */
export function createJsonElements(
  take: (element: Buffer) => boolean,
  mostBytes: number,
): JsonElements {
  const state = beginning()
  /** Where the element that begins here ends, if that was guessed and the element is taken; -1 if not. */
  const guess = (chunk: Buffer, begin: number): number => {
    const { seam } = state
    const end = seam ? chunk.indexOf(seam, begin) : -1
    if (end < 0 || end - begin > mostBytes) return -1
    if (take(chunk.subarray(begin, end + 1))) return end
    state.seam = null
    return -1
  }
  const finish = (piece: Buffer) => {
    const element = state.pieces.length === 0 ? piece : Buffer.concat([...state.pieces, piece])
    state.pieces = []
    state.heldBytes = 0
    state.phase = 'behind'
    if (!take(element)) state.problem = NOT_JSON
  }
  const push = (chunk: Buffer) => {
    let ended = -1
    for (let at = 0; at < chunk.length && state.problem === undefined; at += 1) {
      if (!isInside(state)) {
        state.problem = between(state, chunk[at] as number)
        if (!isInside(state)) continue
        if (ended >= 0 && state.seam === undefined) state.seam = seamIn(chunk, ended, at)
        const end = guess(chunk, at)
        if (end >= 0) {
          state.phase = 'behind'
          at = end
          continue
        }
      }
      const begin = at
      at = endOfElement(state, chunk, at)
      if (state.heldBytes + at - begin > mostBytes)
        state.problem = `an entry of more than ${mostBytes} bytes`
      else if (at < chunk.length) {
        finish(chunk.subarray(begin, at + 1))
        ended = at
      } else {
        state.pieces.push(chunk.subarray(begin))
        state.heldBytes += chunk.length - begin
      }
    }
    return state.problem
  }
  return {
    push,
    end: () => state.problem ?? (state.phase === 'after' ? undefined : NOT_JSON),
  }
}

const beginning = (): State => ({
  phase: 'before',
  depth: 0,
  isInText: false,
  isEscaped: false,
  pieces: [],
  heldBytes: 0,
  seam: undefined,
  problem: undefined,
})

const isInside = ({ phase }: State): boolean => phase === 'inside'

/** A byte outside of every element. */
function between(state: State, byte: number): string | undefined {
  if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return undefined
  const { phase } = state
  if (phase === 'before') {
    state.phase = 'first'
    if (byte === OPEN) return undefined
    return isStartOfValue(byte) ? 'JSON that is not a list' : NOT_JSON
  }
  if (phase === 'behind' && byte === COMMA) state.phase = 'element'
  else if ((phase === 'behind' || phase === 'first') && byte === CLOSE) state.phase = 'after'
  else if (phase !== 'behind' && phase !== 'after' && byte === OPEN_OBJECT) state.phase = 'inside'
  else return phase === 'behind' || phase === 'after' ? NOT_JSON : 'a list of other than objects'
  return undefined
}

const isStartOfValue = (byte: number): boolean =>
  byte === OPEN_OBJECT || byte === QUOTE || /[-0-9tfn]/.test(String.fromCharCode(byte))

const LONGEST_SEAM = 64

/** `[{"a":{…}},{"a":{…}}]`: it is `},{"a":{`. Null where the next element does not begin with an object, which would tell it from those inside. */
function seamIn(chunk: Buffer, ended: number, begin: number): Buffer | null {
  const brace = chunk.indexOf(OPEN_OBJECT, begin + 1)
  return brace < 0 || brace - ended > LONGEST_SEAM
    ? null
    : Buffer.from(chunk.subarray(ended, brace + 1))
}

/** Where the element's last byte is, or the length of the chunk when it goes on. */
function endOfElement(state: State, chunk: Buffer, from: number): number {
  let { depth, isInText, isEscaped } = state
  let at = from
  for (; at < chunk.length; at += 1) {
    const byte = chunk[at] as number
    if (isInText) {
      if (isEscaped) isEscaped = false
      else if (byte === BACKSLASH) isEscaped = true
      else if (byte === QUOTE) isInText = false
    } else if (byte === QUOTE) isInText = true
    else if (byte === OPEN_OBJECT || byte === OPEN) depth += 1
    else if (byte === CLOSE_OBJECT || byte === CLOSE) {
      depth -= 1
      if (depth === 0) break
    }
  }
  state.depth = depth
  state.isInText = isInText
  state.isEscaped = isEscaped
  return at
}
