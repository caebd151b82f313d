// Names of tools as metric labels. A replica makes its tools' names up, with every deploy anew if it likes, and a series
// once begun stays: after the first ones of a cluster, all others are one.

/** Most names of one cluster. */
const MOST_TOOLS = 200
/** Most clusters whose names are told apart; more than a mesh has in the life of one router. */
const MOST_CLUSTERS = 500
const LONGEST_NAME = 128
const OTHER = 'other'

export class ToolLabels {
  readonly #known = new Map<string, Set<string>>() // bounded by MOST_CLUSTERS, and MOST_TOOLS each

  labelOf(cluster: string, tool: string): string {
    if (tool.length > LONGEST_NAME) return OTHER
    const tools = this.#known.get(cluster) ?? this.#begun(cluster)
    if (tools === undefined) return OTHER
    if (tools.has(tool)) return tool
    if (tools.size >= MOST_TOOLS) return OTHER
    tools.add(tool)
    return tool
  }

  #begun(cluster: string): Set<string> | undefined {
    if (this.#known.size >= MOST_CLUSTERS) return undefined
    const tools = new Set<string>()
    this.#known.set(cluster, tools)
    return tools
  }
}
