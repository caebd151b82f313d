// The tools a check has learned of, where only their names matter.
import type { Learned } from '#router/clusters/endpoint.ts'

export const toolsNamed = (...names: readonly string[]): Learned['tools'] =>
  new Map(names.map(name => [name, { mirrors: [] }]))
