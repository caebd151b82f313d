// Policy documents → the table, or everything that is wrong with them at once. Pure: no file is read, no clock is asked.
// A table comes out only when nothing at all is wrong: a half-applied policy is one that nobody wrote.
import type { RouteTable } from '#routes/route-table.ts'
import type { AssistantDocument } from '#routes/schema/assistant.ts'
import type { ClusterDocument } from '#routes/schema/cluster.ts'
import { isKind, KINDS, type Kind, UNREAD_KINDS } from '#routes/schema/kinds.ts'
import type { ToolDocument } from '#routes/schema/tool.ts'
import type { VirtualServerDocument } from '#routes/schema/virtual-server.ts'
import { assistantFindings, assistantRules, assistantTies } from './assistant.ts'
import { type Checked, checkSchema } from './check-schema.ts'
import { clusterPolicy, clusterRules } from './cluster.ts'
import { anyCluster, type ClusterNames, clusterNames } from './cluster-names.ts'
import { freezeTable } from './freeze-table.ts'
import { suggestion } from './nearest.ts'
import { all, either, found, inReadingOrder, type Problem } from './problems.ts'
import {
  fileProblem,
  MOST_DOCUMENTS,
  type PolicyFile,
  type ReadDocument,
  readDocuments,
} from './read-documents.ts'
import { applyRules, type Finding, isSound } from './rules.ts'
import { type ClusterSpecOf, toolFindings, toolRules, toolTies } from './tool.ts'
import { virtualServerFindings, virtualServerPolicy } from './virtual-server.ts'

export type Compiled =
  | { readonly table: RouteTable; readonly warnings: readonly Problem[] }
  | { readonly problems: readonly Problem[] }

/** More would not be read by anyone. */
const MOST_PROBLEMS = 1_000

export interface CompileOptions {
  /** False when the caller could not read a file: then nobody knows which clusters it would have named. */
  readonly isWhole?: boolean
}

export function compileDocuments(
  files: readonly PolicyFile[],
  options: CompileOptions = {},
): Compiled {
  const read = files.map(file => readDocuments(file))
  const readings = read.flatMap(({ documents }) => documents)
  const problems = read.flatMap(file => file.problems)
  const isWhole = options.isWhole !== false && read.every(file => file.isWhole)
  const refusal = amountRefusal(readings, files, isWhole)
  if (refusal !== undefined) problems.push(refusal)
  const judged = readings.slice(0, MOST_DOCUMENTS).map(document => judge(document))
  problems.push(...judged.flatMap(one => kindProblems(one)), ...duplicateNames(judged))
  const known: Known = {
    names: isWhole ? clusterNamesOf(judged) : anyCluster,
    specOf: specsOf(judged),
    servers: isWhole ? serverSpecsOf(judged) : undefined,
  }
  problems.push(
    ...judged.flatMap(one => contentProblems(one, known)),
    ...toolTies(checkedOf(judged, 'Tool')),
    ...assistantTies(checkedOf(judged, 'Assistant')),
  )
  const names = files.map(({ file }) => file)
  const sorted = inReadingOrder(problems, names)
  if (sorted.some(({ severity }) => severity === 'error')) return { problems: bounded(sorted) }
  return { table: tableOf(judged), warnings: bounded(sorted) }
}

/** A document and, when its kind is one that is read, what its schema says to it. */
interface Judged {
  readonly document: ReadDocument
  readonly kind: Kind | undefined
  readonly checked: Checked | undefined
}

function judge(document: ReadDocument): Judged {
  const kind = fieldOf(document.value, 'kind')
  if (!isKind(kind)) return { document, kind: undefined, checked: undefined }
  return { document, kind, checked: checkSchema(kind, document.value) }
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
}

const nameOf = ({ document }: Judged): string | undefined => {
  const name = fieldOf(fieldOf(document.value, 'metadata'), 'name')
  return typeof name === 'string' ? name : undefined
}

function amountRefusal(
  readings: readonly ReadDocument[],
  files: readonly PolicyFile[],
  isWhole: boolean,
): Problem | undefined {
  const beyond = readings[MOST_DOCUMENTS]
  if (beyond !== undefined)
    return beyond.problem([], `more than ${MOST_DOCUMENTS} documents; at most that many are read`)
  if (readings.length > 0 || !isWhole) return undefined
  return fileProblem(
    files[0]?.file ?? 'policies',
    `no policy document here; expected at least one of kind ${either(Object.keys(KINDS))}`,
  )
}

function kindProblems({ document, kind }: Judged): Problem[] {
  if (kind !== undefined) return []
  const { value } = document
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [
      document.problem(
        [],
        `expected a mapping with apiVersion, kind, metadata and spec, got ${found(value)}`,
      ),
    ]
  const written = fieldOf(value, 'kind')
  const readable = Object.keys(KINDS)
  if (written === undefined)
    return [document.problem(['kind'], `missing; expected ${either(readable)}`, { at: 'key' })]
  const unread = UNREAD_KINDS.find(word => word === written)
  if (unread !== undefined)
    return [
      document.problem(
        ['kind'],
        `this release does not read documents of kind ${unread}; it reads ${all(readable)}. Keep it out of the folder until it does: a policy that is not applied must not look as if it were.`,
      ),
    ]
  const near =
    typeof written === 'string' ? suggestion(written, [...readable, ...UNREAD_KINDS], '') : ''
  return [document.problem(['kind'], `expected ${either(readable)}, got ${found(written)}${near}`)]
}

function duplicateNames(judged: readonly Judged[]): Problem[] {
  const first = new Map<string, ReadDocument>() // Bounded by the limit on documents.
  const problems: Problem[] = []
  const path = ['metadata', 'name'] as const
  for (const one of judged) {
    const name = nameOf(one)
    if (one.kind === undefined || name === undefined || !isSound(path, one.checked?.breaches ?? []))
      continue
    const before = first.get(`${one.kind} ${name}`)
    if (before === undefined) first.set(`${one.kind} ${name}`, one.document)
    else {
      const { line, column } = before.place(path)
      const says = `${one.kind} "${name}" is already described at ${before.file}:${line}:${column}; each name stands once`
      problems.push(one.document.problem(path, says))
    }
  }
  return problems
}

/** A document whose kind is misspelt still claims its name: its users are not wrong as well. */
function clusterNamesOf(judged: readonly Judged[]): ClusterNames {
  const names = judged
    .filter(({ kind }) => kind === undefined || kind === 'Cluster')
    .map(one => nameOf(one))
  return clusterNames(names.filter(name => name !== undefined))
}

/** What a sound document says of a cluster. */
function specsOf(judged: readonly Judged[]): ClusterSpecOf {
  const specs = new Map<string, ClusterDocument['spec']>() // Bounded by the limit on documents.
  for (const { kind, checked } of judged) {
    if (kind !== 'Cluster' || checked === undefined || checked.breaches.length > 0) continue
    const { metadata, spec } = checked.value as ClusterDocument
    specs.set(metadata.name, spec)
  }
  return name => specs.get(name)
}

/** Undefined where one of them is not sound, or may be missing. */
function serverSpecsOf(judged: readonly Judged[]): Known['servers'] {
  if (judged.some(({ kind }) => kind === undefined)) return undefined
  const servers = checkedOf(judged, 'VirtualServer')
  return servers.some(({ breaches }) => breaches.length > 0)
    ? undefined
    : servers.map(({ value }) => (value as VirtualServerDocument).spec)
}

const checkedOf = (
  judged: readonly Judged[],
  wanted: Kind,
): readonly (Checked & Pick<Judged, 'document'>)[] =>
  judged.flatMap(({ kind, document, checked }) =>
    kind === wanted && checked !== undefined ? [{ document, ...checked }] : [],
  )

/** What the documents say together, for what each of them says alone. */
interface Known {
  readonly names: ClusterNames
  readonly specOf: ClusterSpecOf
  readonly servers: readonly VirtualServerDocument['spec'][] | undefined
}

function contentProblems({ document, kind, checked }: Judged, known: Known): Problem[] {
  if (kind === undefined || checked === undefined) return []
  const findings = findingsOf[kind](checked, known)
  return [...checked.breaches, ...findings].map(finding =>
    document.problem(finding.path, finding.says, finding),
  )
}

const findingsOf: Readonly<Record<Kind, (checked: Checked, known: Known) => readonly Finding[]>> = {
  Cluster: checked => applyRules(clusterRules, checked),
  VirtualServer: ({ value, breaches }, { names }) => virtualServerFindings(value, breaches, names),
  Tool: toolFindings,
  Assistant: (checked, { servers }) => assistantFindings(checked, servers),
}

function tableOf(judged: readonly Judged[]): RouteTable {
  const valuesOf = (wanted: Kind) =>
    judged.filter(({ kind }) => kind === wanted).map(({ checked }) => checked?.value)
  const assistants = assistantRules(valuesOf('Assistant').map(value => value as AssistantDocument))
  return freezeTable(
    valuesOf('Cluster').map(value => clusterPolicy(value as ClusterDocument)),
    valuesOf('VirtualServer').map(value => virtualServerPolicy(value as VirtualServerDocument)),
    {
      tools: toolRules(valuesOf('Tool').map(value => value as ToolDocument)),
      ...(assistants === undefined ? {} : { assistants }),
    },
  )
}

function bounded(problems: readonly Problem[]): readonly Problem[] {
  const last = problems[MOST_PROBLEMS]
  if (last === undefined) return problems
  const says = `${problems.length - MOST_PROBLEMS} more problems are not shown`
  return [...problems.slice(0, MOST_PROBLEMS), { ...last, path: '', says }]
}
