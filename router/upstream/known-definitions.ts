// What is told by definitions of tools, remembered by their text: replicas of a cluster list the same ones, and each is asked for
// them twice.
import { digestOf, factsOf } from '#router/eras/tool-facts.ts'
import type { ToolFacts } from '#router/tool-facts.ts'

/** Of one definition, in characters: each is looked into at one go. */
export const DEFINITION_LENGTH = 262_144
/** Of all that are remembered, in characters: the definitions of some lists. */
const MOST_LENGTH = 2_097_152

export interface ReadDefinition {
  /** The same for all that say the same; absent where the definition cannot be compared. */
  readonly digest?: string
  readonly facts: ToolFacts | 'broken'
  /** Why there is no digest. */
  readonly problem?: string
}

export class KnownDefinitions {
  readonly #known = new Map<string, ReadDefinition>() // bounded by MOST_LENGTH
  #length = 0

  read(definition: Readonly<Record<string, unknown>>): ReadDefinition {
    const text = textOf(definition)
    if (text === undefined || text.length > DEFINITION_LENGTH)
      return {
        facts: 'broken',
        problem: `a definition in it is longer than ${DEFINITION_LENGTH} characters`,
      }
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const read = readDefinition(definition)
    if (this.#length + text.length > MOST_LENGTH) this.#forget()
    this.#length += text.length
    this.#known.set(text, read)
    return read
  }

  #forget(): void {
    this.#known.clear()
    this.#length = 0
  }
}

function readDefinition(definition: Readonly<Record<string, unknown>>): ReadDefinition {
  const digest = digestOf(definition)
  const facts = factsOf(definition)
  return digest === undefined
    ? { facts, problem: 'a definition in it is nested too deep' }
    : { facts, digest }
}

/** Undefined when it is nested deeper than can be written. */
function textOf(definition: Readonly<Record<string, unknown>>): string | undefined {
  try {
    return JSON.stringify(definition)
  } catch {
    return undefined
  }
}
