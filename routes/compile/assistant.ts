// Checked `Assistant` documents → who is recognized by which words, and the rules that span several fields or documents.
import type { AssistantPolicy, AssistantRules, Recognition } from '#routes/route-table.ts'
import type { AssistantDocument } from '#routes/schema/assistant.ts'
import type { VirtualServerDocument } from '#routes/schema/virtual-server.ts'
import type { Path, Problem } from './problems.ts'
import type { ReadDocument } from './read-documents.ts'
import { applyRules, type FieldRule, type Finding, isSound, type Ruled } from './rules.ts'
import { namingOf } from './virtual-server.ts'

type Breaches = readonly { readonly path: Path }[]
type ServerSpec = VirtualServerDocument['spec']

const SHIMS = ['spec', 'shims'] as const
const WORDS = ['clients', 'userAgents'] as const

/** `servers`: what is offered, where all of that is sound. */
export const assistantFindings = (
  checked: Ruled,
  servers: readonly ServerSpec[] | undefined,
): Finding[] => applyRules(rulesFor(servers), checked)

const rulesFor = (
  servers: readonly ServerSpec[] | undefined,
): readonly FieldRule<AssistantDocument>[] => [
  {
    reads: SHIMS,
    check: ({ spec: { shims } }) => {
      const at = shims.indexOf('portable-names')
      const isIdle = servers !== undefined && servers.length > 0 && !servers.some(mayRename)
      const says =
        'has no effect: each virtual server leaves such names out (`names: portable`), or joins clusters under plain names, where none is put into another'
      return at >= 0 && isIdle ? [{ path: [...SHIMS, at], says }] : []
    },
  },
]

/** Under plain names of several clusters one that is made could be another's. */
const mayRename = (spec: ServerSpec): boolean =>
  spec.names !== 'portable' && (namingOf(spec) === 'prefix' || spec.clusters.length === 1)

export interface CheckedAssistant {
  readonly document: ReadDocument
  readonly value: unknown
  readonly breaches: Breaches
}

/** Two documents that know their assistants by the same words. */
export function assistantTies(assistants: readonly CheckedAssistant[]): Problem[] {
  const first = new Map<string, { readonly document: ReadDocument; readonly path: Path }>() // Bounded by the words in all documents.
  const problems: Problem[] = []
  for (const { document, value, breaches } of assistants)
    for (const field of WORDS) {
      const list = ['spec', 'recognizedBy', field] as const
      if (!isSound(list, breaches)) continue
      const said = (value as AssistantDocument).spec.recognizedBy[field] ?? []
      for (const [index, word] of said.entries()) {
        const path = [...list, index]
        const before = first.get(`${field} ${word}`)
        if (before === undefined) first.set(`${field} ${word}`, { document, path })
        else {
          const { line, column } = before.document.place(before.path)
          const says = `${word} is already said at ${before.document.file}:${line}:${column}; by the same words nobody can be told apart`
          problems.push(document.problem(path, says))
        }
      }
    }
  return problems
}

/** Undefined where there is none: then nobody is looked at. */
export function assistantRules(
  documents: readonly AssistantDocument[],
): AssistantRules | undefined {
  if (documents.length === 0) return undefined
  const entries = documents.map(({ metadata, spec }) => ({
    recognizedBy: spec.recognizedBy,
    policy: policyOf(metadata.name, spec),
  }))
  const by = (field: (typeof WORDS)[number]): Recognition =>
    recognition(
      entries.flatMap(({ recognizedBy, policy }) =>
        (recognizedBy[field] ?? []).map(word => ({ word, policy })),
      ),
    )
  return { clients: by('clients'), userAgents: by('userAgents') }
}

/** In one order, whichever they are written in. */
const policyOf = (name: string, { shims }: AssistantDocument['spec']): AssistantPolicy => ({
  name,
  shims: shims.toSorted(),
})

function recognition(
  entries: readonly { readonly word: string; readonly policy: AssistantPolicy }[],
): Recognition {
  const exact: Record<string, AssistantPolicy> = Object.create(null)
  const sorted = entries.toSorted((one, other) => (one.word < other.word ? -1 : 1))
  for (const { word, policy } of sorted) if (!word.endsWith('*')) exact[word] = policy
  return {
    exact,
    beginnings: sorted
      .filter(({ word }) => word.endsWith('*'))
      .map(({ word, policy }) => ({ beginning: word.slice(0, -1), policy }))
      .toSorted((one, other) => other.beginning.length - one.beginning.length),
  }
}
