// Where a real Consul or k6 is: named by a variable, built into .tools/bin, or on PATH, in that order.
// Plain JavaScript, since the bootstrap reads it on whatever Node the machine has.
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository = fileURLToPath(new URL('../../', import.meta.url))

/** Go programs that can be built from pinned modules: the module folder is `deploy/tools/<name>`. */
export const tools = {
  consul: {
    variable: 'CONSUL_BIN',
    package: 'github.com/hashicorp/consul',
    version: '1.14.11',
    minutes: 3,
  },
  k6: { variable: 'K6_BIN', package: 'go.k6.io/k6/v2', version: '2.2.0', minutes: 2 },
}

/**
 * The path of the program, or undefined where there is none.
 * Throws when the variable is set and names nothing that runs: a choice made by hand is never passed over.
 */
export function findTool(name, env = process.env) {
  const tool = tools[name]
  if (tool === undefined)
    throw new Error(`no such tool: ${name}; known are ${Object.keys(tools).join(' and ')}`)
  const chosen = env[tool.variable]
  if (chosen) {
    const path = resolve(repository, chosen)
    if (canRun(path)) return path
    throw new Error(
      `${tool.variable} names ${path}, which is not a program that can be run; correct or unset it`,
    )
  }
  const built = builtPath(name)
  return canRun(built) ? built : onPath(name, env)
}

export function builtPath(name) {
  return join(repository, '.tools', 'bin', name)
}

export function onPath(name, env = process.env) {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue
    const path = join(folder, name)
    if (canRun(path)) return path
  }
  return undefined
}

function canRun(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false // absent and not executable come to the same here
  }
}
