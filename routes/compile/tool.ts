// Checked `Tool` documents → what the table holds of them by cluster, and the rules that span several fields or documents.
import { parseDuration } from '#foundation/duration.ts'
import type { ToolPolicy, ToolRules } from '#routes/route-table.ts'
import type { ClusterDocument } from '#routes/schema/cluster.ts'
import type { ToolDocument } from '#routes/schema/tool.ts'
import type { ClusterNames } from './cluster-names.ts'
import { idleToolFindings } from './idle-tool.ts'
import type { Path, Problem } from './problems.ts'
import type { ReadDocument } from './read-documents.ts'
import { applyRules, type FieldRule, type Finding, isSound, type Ruled } from './rules.ts'

type Breaches = readonly { readonly path: Path }[]
/** A cluster as its document has it; undefined where that is not sound itself. */
export type ClusterSpecOf = (name: string) => ClusterDocument['spec'] | undefined

const CLUSTER = ['spec', 'cluster'] as const
const TOOLS = ['spec', 'tools'] as const

export function toolFindings(
  checked: Ruled,
  clusters: { readonly names: ClusterNames; readonly specOf: ClusterSpecOf },
): Finding[] {
  return applyRules(rulesFor(clusters), checked)
}

const rulesFor = ({
  names,
  specOf,
}: Parameters<typeof toolFindings>[1]): readonly FieldRule<ToolDocument>[] => [
  {
    reads: CLUSTER,
    check: ({ spec: { cluster } }) =>
      names.has(cluster)
        ? []
        : [{ path: CLUSTER, says: `no cluster is named "${cluster}"${names.hint(cluster)}` }],
  },
  {
    reads: ['spec'],
    check: ({ spec }) => idleToolFindings(spec, specOf(spec.cluster)),
  },
]

export interface CheckedTool {
  readonly document: ReadDocument
  readonly value: unknown
  readonly breaches: Breaches
}

/** Two documents that fit one tool equally well, of which neither is more specific. */
export function toolTies(tools: readonly CheckedTool[]): Problem[] {
  const first = new Map<string, { readonly document: ReadDocument; readonly path: Path }>() // Bounded by the names in all documents.
  const problems: Problem[] = []
  for (const { document, value, breaches } of tools) {
    if (!isSound(CLUSTER, breaches) || !isSound(TOOLS, breaches)) continue
    const { cluster, tools: names } = (value as ToolDocument).spec
    for (const [index, name] of names.entries()) {
      const path = [...TOOLS, index]
      const before = first.get(`${cluster} ${name}`)
      if (before === undefined) first.set(`${cluster} ${name}`, { document, path })
      else {
        const { line, column } = before.document.place(before.path)
        const says = `${name} of cluster "${cluster}" is already described at ${before.document.file}:${line}:${column}; for each tool one document must be the most specific`
        problems.push(document.problem(path, says))
      }
    }
  }
  return problems
}

/** By cluster; beginnings in the order in which they are tried. */
export function toolRules(documents: readonly ToolDocument[]): Record<string, ToolRules> {
  const entries = documents.flatMap(({ spec }) => {
    const policy = toolPolicy(spec)
    return spec.tools.map(tool => ({ cluster: spec.cluster, tool, policy }))
  })
  const byCluster: Record<string, ToolRules> = Object.create(null)
  for (const [cluster, of] of Object.entries(Object.groupBy(entries, entry => entry.cluster))) {
    const [beginnings, whole] = [true, false].map(isWanted =>
      (of ?? []).filter(({ tool }) => tool.endsWith('*') === isWanted),
    )
    const exact: Record<string, ToolPolicy> = Object.create(null)
    for (const { tool, policy } of (whole ?? []).toSorted(byName)) exact[tool] = policy
    byCluster[cluster] = {
      exact,
      beginnings: (beginnings ?? [])
        .map(({ tool, policy }) => ({ beginning: tool.slice(0, -1), policy }))
        .toSorted((one, other) => longestFirst(one.beginning, other.beginning)),
    }
  }
  return byCluster
}

function toolPolicy({ effect, replay, hedge }: ToolDocument['spec']): ToolPolicy {
  if (hedge === undefined) return { effect, replay }
  const afterMs = parseDuration(hedge.after)
  return { effect, replay, hedge: afterMs === undefined ? {} : { afterMs } }
}

const byName = (one: { readonly tool: string }, other: { readonly tool: string }): number =>
  one.tool < other.tool ? -1 : 1

const longestFirst = (one: string, other: string): number =>
  other.length - one.length || (one < other ? -1 : 1)
