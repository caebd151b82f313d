// Cuts a JSON list of objects into its elements while its bytes arrive, so that each can be parsed by itself: one parse of
// 14 MiB would hold up every call for 71 ms. It only finds the ends of elements; what is inside is JSON.parse's to judge.

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
  problem: string | undefined
}

export function createJsonElements(
  onElement: (value: unknown) => void,
  mostBytes: number,
): JsonElements {
  const state: State = {
    phase: 'before',
    depth: 0,
    isInText: false,
    isEscaped: false,
    pieces: [],
    heldBytes: 0,
    problem: undefined,
  }
  const finish = (piece: Buffer) => {
    const text =
      state.pieces.length === 0
        ? piece.toString('utf8')
        : Buffer.concat([...state.pieces, piece]).toString('utf8')
    state.pieces = []
    state.heldBytes = 0
    state.phase = 'behind'
    const parsed = parse(text)
    if (parsed === undefined) state.problem = NOT_JSON
    else onElement(parsed)
  }
  const push = (chunk: Buffer) => {
    for (let at = 0; at < chunk.length && state.problem === undefined; at += 1) {
      if (!isInside(state)) {
        state.problem = between(state, chunk[at] as number)
        if (!isInside(state)) continue
      }
      const begin = at
      at = endOfElement(state, chunk, at)
      if (state.heldBytes + at - begin > mostBytes)
        state.problem = `an entry of more than ${mostBytes} bytes`
      else if (at < chunk.length) finish(chunk.subarray(begin, at + 1))
      else {
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
