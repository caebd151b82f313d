// What only the YAML nodes know: where a field stands, which keys stand twice, and what YAML allows but a policy may not use.
import {
  type Alias,
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
} from 'yaml'
import { type Path, type Place, quoted } from './problems.ts'

/** Something wrong at a place in the text. */
export interface Flaw {
  readonly offset: number
  readonly path: Path
  readonly says: string
}

/** Resolving an alias walks the document, so that many of them cost its square. */
const MOST_ALIASES = 100
const DEEPEST_NESTING = 40
export const TOO_DEEP = `nested deeper than ${DEEPEST_NESTING} levels`

export function structureFlaws(document: Document): Flaw[] {
  const flaws: Flaw[] = []
  let aliases = 0
  const add = (node: unknown, says: string) =>
    flaws.push({ offset: beginOf(node) ?? 0, path: [], says })
  visit(document, {
    Collection(_, node, ancestors) {
      // Each level of mappings is a pair and its value.
      if (ancestors.length <= DEEPEST_NESTING * 2) return undefined
      add(node, TOO_DEEP)
      return visit.BREAK
    },
    Pair(_, pair) {
      if (isScalar(pair.key)) return undefined
      add(pair.key, 'a key must be a plain word')
      return visit.SKIP
    },
    Alias(_, alias) {
      aliases += 1
      const isTooMany = aliases > MOST_ALIASES
      const says = isTooMany
        ? `more than ${MOST_ALIASES} aliases in one document; write the values out`
        : aliasRefusal(document, alias)
      if (says !== undefined) add(alias, says)
      return isTooMany ? visit.BREAK : undefined
    },
  })
  return flaws
}

function aliasRefusal(document: Document, alias: Alias): string | undefined {
  const node = alias.resolve(document)
  const name = quoted(alias.source)
  if (node === undefined) return `alias ${name} names no anchor that stands before it`
  const own = beginOf(alias) ?? 0
  const [begin = 0, end = 0] = node.range ?? []
  return begin <= own && own < end ? `alias ${name} stands inside what it names` : undefined
}

/** Every key that stands a second time in its mapping. The last one would win, silently. */
export function duplicateKeys(document: Document, placeAt: (offset: number) => Place): Flaw[] {
  const flaws: Flaw[] = []
  walk(document.contents, [], (node, path) => {
    if (!isMap(node)) return
    const first = new Map<string, number>() // Bounded by the size of the file.
    for (const { key } of node.items) {
      const word = keyText(key)
      const offset = beginOf(key) ?? 0
      const before = first.get(word)
      if (before === undefined) first.set(word, offset)
      else {
        const { line, column } = placeAt(before)
        const says = `duplicate key; it stands first at line ${line}, column ${column}`
        flaws.push({ offset, path: [...path, word], says })
      }
    }
  })
  return flaws
}

function walk(node: unknown, path: Path, visitor: (node: unknown, path: Path) => void): void {
  visitor(node, path)
  if (isMap(node))
    for (const { key, value } of node.items) walk(value, [...path, keyText(key)], visitor)
  if (isSeq(node))
    for (const [index, item] of node.items.entries()) walk(item, [...path, index], visitor)
}

/** Finds where a field begins, or the nearest thing around it when it is not written, or is written elsewhere by an anchor. */
export type OffsetOf = (path: Path, at: 'key' | 'value') => number

export function offsetFinder(document: Document): OffsetOf {
  // A large mapping with many mistakes is searched once for each: an index keeps that from costing the square.
  const indexes = new Map<YAMLMap, ReadonlyMap<string, Pair>>() // Bounded by the mappings of the document.
  const pairIn = (map: YAMLMap, step: string | number): Pair | undefined => {
    let index = indexes.get(map)
    if (index === undefined) {
      // Of a key that stands twice, the first: the second is a problem of its own.
      index = new Map(map.items.toReversed().map(pair => [keyText(pair.key), pair]))
      indexes.set(map, index)
    }
    return index.get(String(step))
  }
  return (path, at) => {
    let node: unknown = document.contents
    let offset = beginOf(node) ?? document.range?.[0] ?? 0
    for (const [depth, step] of path.entries()) {
      if (isMap(node)) {
        const pair = pairIn(node, step)
        if (pair === undefined) return offset
        node = pair.value
        const isKeyWanted = at === 'key' && depth === path.length - 1
        // An empty value has no place of its own worth showing.
        offset = (isKeyWanted || isEmpty(node) ? beginOf(pair.key) : beginOf(node)) ?? offset
      } else if (isSeq(node) && typeof step === 'number') {
        node = node.items[step]
        offset = beginOf(node) ?? offset
      } else return offset
    }
    return offset
  }
}

const isEmpty = (node: unknown): boolean => isScalar(node) && node.value === null

const beginOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0]

/** A key as it arrives in the plain value. Other keys than scalars are refused before anyone asks. */
function keyText(key: unknown): string {
  const word: unknown = isScalar(key) ? key.value : null
  if (typeof word === 'string') return word
  return word === null ? '' : JSON.stringify(word)
}
