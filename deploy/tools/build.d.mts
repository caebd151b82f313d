// Types of build.mjs.
import type { ToolName } from './find.mjs'

export { findTool } from './find.mjs'

/** The path of the program, built if need be; undefined, after one line of why, where it cannot be had. */
export function provideTool(
  name: ToolName,
  say?: (line: string) => void,
): Promise<string | undefined>
