// Types of find.mjs, which is plain JavaScript so that any Node from 18 on can read it.
export type ToolName = 'consul' | 'k6'

export interface Tool {
  /** Environment variable that names a binary brought by hand. */
  readonly variable: string
  /** Go package that is built. */
  readonly package: string
  readonly version: string
  /** About how long a build takes on two cores with an empty cache. */
  readonly minutes: number
}

export const repository: string
export const tools: Readonly<Record<ToolName, Tool>>
/** Throws when the tool's variable is set and names nothing that runs. */
export function findTool(
  name: ToolName,
  env?: Readonly<Record<string, string | undefined>>,
): string | undefined
export function builtPath(name: ToolName): string
export function onPath(
  name: string,
  env?: Readonly<Record<string, string | undefined>>,
): string | undefined
