// How callers name what an answer speaks of: URIs and task ids, where the specification has them and nowhere else.
import type { Outward, Relay } from '#router/facts.ts'
import { type Emit, IdSwap, type MessageKind, type MessageSwap } from './id-swap.ts'
import { NameSwap, type Place } from './name-swap.ts'

type NamePlace = Place<keyof Outward>

const URI: NamePlace = { name: 'uri' }
/** The view of a tool (MCP Apps); the second form is the older one. */
const META: NamePlace = { keys: { ui: { keys: { resourceUri: URI } }, 'ui/resourceUri': URI } }
/** A resource that is told of, or embedded whole. */
const CONTENT: NamePlace = { keys: { uri: URI, resource: { keys: { uri: URI } } } }
const TOOL_RESULT = { content: { each: CONTENT }, _meta: META } as const
const MESSAGE: NamePlace = {
  keys: {
    result: {
      keys: {
        ...TOOL_RESULT,
        contents: { each: { keys: { uri: URI } } },
        messages: { each: { keys: { content: CONTENT } } },
        taskId: { name: 'taskId' },
        result: { keys: TOOL_RESULT }, // of a task that is done
      },
    },
    params: { keys: { uri: URI } }, // of notifications/resources/updated
  },
}
const DEFINITION: NamePlace = { keys: { _meta: META } }

/** What reads an answer on its way: for its id alone, or for names as well. */
export function messageSwap(
  relay: Pick<Relay, 'upstreamIdJson' | 'callerIdJson' | 'outward' | 'asking'>,
): MessageSwap {
  const { upstreamIdJson, callerIdJson, asking } = relay
  const name = asking?.kind === 'named' ? asking.name : undefined
  const ids = new IdSwap(upstreamIdJson, callerIdJson, name)
  return relay.outward === undefined ? ids : new OutwardNames(relay.outward, ids)
}

/** A definition of a list, with the views that it names as callers know them. */
export function outwardDefinition(definition: Buffer, outward: Outward): Buffer {
  const pieces: Buffer[] = []
  swapOf(DEFINITION, outward).feed(definition, 0, definition.length, (bytes, from, to) =>
    pieces.push(bytes.subarray(from, to)),
  )
  return Buffer.concat(pieces)
}

const swapOf = (place: NamePlace, outward: Outward): NameSwap<keyof Outward> =>
  new NameSwap(place, (kind, name) => outward[kind]?.(name) ?? name)

/** Names before ids: what is longer or shorter then is read as it goes out. */
class OutwardNames implements MessageSwap {
  readonly #names: NameSwap<keyof Outward>
  readonly #ids: IdSwap

  constructor(outward: Outward, ids: IdSwap) {
    this.#names = swapOf(MESSAGE, outward)
    this.#ids = ids
  }

  get errorCode(): number | undefined {
    return this.#ids.errorCode
  }

  get isBroken(): boolean {
    return this.#names.isBroken || this.#ids.isBroken
  }

  feed(bytes: Buffer, from: number, to: number, emit: Emit): void {
    this.#names.feed(bytes, from, to, this.#into(emit))
  }

  endLine(emit: Emit): void {
    this.#names.endLine(this.#into(emit))
    this.#ids.endLine(emit)
  }

  end(): MessageKind {
    const { isBroken } = this
    this.#names.begin()
    const kind = this.#ids.end()
    return isBroken ? 'bad' : kind
  }

  #into(emit: Emit): (bytes: Buffer, from: number, to: number) => void {
    return (bytes, from, to) => this.#ids.feed(bytes, from, to, emit)
  }
}
