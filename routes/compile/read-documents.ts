// One file's text → its documents as plain values that still know their places. Every cost is bounded before it is paid:
// a folder of policies is written by people, but a bad file must not stop a router that is already serving.
import { type Document, LineCounter, parseAllDocuments } from 'yaml'
import { type Path, type Place, type Problem, pathText, type Severity, shown } from './problems.ts'
import { duplicateKeys, type Flaw, offsetFinder, structureFlaws, TOO_DEEP } from './yaml-nodes.ts'

export interface PolicyFile {
  readonly file: string
  readonly text: string
}

export const LARGEST_FILE_BYTES = 1_048_576
export const MOST_DOCUMENTS = 10_000

interface ProblemMore {
  /** `key` points at the key itself instead of at its value. */
  readonly at?: 'key' | 'value'
  readonly severity?: Severity
}

export interface ReadDocument {
  readonly file: string
  readonly value: unknown
  readonly place: (path: Path, at?: 'key' | 'value') => Place
  readonly problem: (path: Path, says: string, more?: ProblemMore) => Problem
}

export interface ReadFile {
  readonly documents: readonly ReadDocument[]
  readonly problems: readonly Problem[]
  /** False when a part could not be read at all, and nobody knows what it would have said. */
  readonly isWhole: boolean
}

export function readDocuments({ file, text }: PolicyFile): ReadFile {
  const refusal = sizeRefusal(text)
  if (refusal !== undefined)
    return { documents: [], problems: [fileProblem(file, refusal)], isWhole: false }
  const lines = new LineCounter()
  const documents: ReadDocument[] = []
  const problems: Problem[] = []
  let isWhole = true
  for (const parsed of parse(text, lines)) {
    const placeAt = (offset: number): Place => {
      const { line, col } = lines.linePos(offset)
      return { line: Math.max(1, line), column: Math.max(1, col) }
    }
    const report = (flaws: readonly Flaw[]) => {
      for (const { offset, path, says } of flaws)
        problems.push({ file, ...placeAt(offset), path: pathText(path), says, severity: 'error' })
    }
    const plain = plainValue(parsed)
    if ('flaws' in plain) {
      report(plain.flaws)
      isWhole = false
      continue
    }
    const offsetOf = offsetFinder(parsed)
    const place = (path: Path, at: 'key' | 'value' = 'value') => placeAt(offsetOf(path, at))
    const problem = (path: Path, says: string, more: ProblemMore = {}): Problem => ({
      file,
      ...place(path, more.at),
      path: pathText(path),
      says,
      severity: more.severity ?? 'error',
    })
    if (plain.value === null)
      problems.push(problem([], 'empty document; nothing is read here', { severity: 'warning' }))
    else documents.push({ file, value: plain.value, place, problem })
    report(duplicateKeys(parsed, placeAt))
  }
  return { documents, problems, isWhole }
}

/** A problem of a file as a whole. */
export function fileProblem(file: string, says: string): Problem {
  return { file, line: 1, column: 1, path: '', says, severity: 'error' }
}

function sizeRefusal(text: string): string | undefined {
  const bytes = Buffer.byteLength(text)
  if (bytes > LARGEST_FILE_BYTES)
    return `the file has ${bytes} bytes; at most ${LARGEST_FILE_BYTES} are read. Split it into several files.`
  // A marker at the start of a line ends a document even inside a block of text, so this counts no less than the parser.
  const markers = text.match(/^(---|\.\.\.)/gm)?.length ?? 0
  return markers > MOST_DOCUMENTS
    ? `the file has ${markers} document markers; at most ${MOST_DOCUMENTS} documents are read`
    : undefined
}

function parse(text: string, lineCounter: LineCounter): readonly Document[] {
  const parsed = parseAllDocuments(text, {
    lineCounter,
    prettyErrors: false,
    uniqueKeys: false, // Ours is linear; the library's compares each key with each other.
    // Pinned: a `%YAML 1.1` line would turn `no` into a boolean and read dates and binaries.
    schema: 'core',
    resolveKnownTags: false,
    merge: false,
    logLevel: 'silent',
  })
  return parsed as readonly Document[]
}

function syntaxFlaws({ errors, warnings }: Document): Flaw[] {
  const tooDeep = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION')
  // What follows from where the parser gave up says nothing.
  if (tooDeep !== undefined) return [{ offset: tooDeep.pos[0], path: [], says: TOO_DEEP }]
  return [...errors, ...warnings].map(({ pos, message }) => ({
    offset: pos[0],
    path: [],
    says: `not valid YAML: ${shown(message.slice(0, 200))}`,
  }))
}

type Plain = { readonly value: unknown } | { readonly flaws: readonly Flaw[] }

function plainValue(document: Document): Plain {
  // In this order: the structure of what is not YAML says nothing.
  for (const flawsOf of [syntaxFlaws, structureFlaws]) {
    const flaws = flawsOf(document)
    if (flaws.length > 0) return { flaws }
  }
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) ?? null }
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    // What the structure check lets through and the library refuses: aliases that multiply each other.
    const says = 'the aliases of this document stand for too much; write the values out'
    return { flaws: [{ offset: document.range?.[0] ?? 0, path: [], says }] }
  }
}
