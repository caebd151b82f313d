// What the router keeps of a tool's definition.
/** An argument of a tool that goes into a header of its own as well (`x-mcp-header` in its schema). */
export interface Mirror {
  /** Lower case, `mcp-param-` included. */
  readonly header: string
  /** Keys from `arguments` down to the value. */
  readonly path: readonly string[]
  readonly type: 'string' | 'integer' | 'boolean'
}

/** What is known of a tool's definition. */
export interface ToolFacts {
  readonly mirrors: readonly Mirror[]
  /** Its annotations say that running it twice is running it once: `readOnlyHint`, or `idempotentHint` without it. */
  readonly isRepeatable?: true
  /** It says `readOnlyHint`. */
  readonly isReadOnly?: true
}
