// Real Consul, k6, haproxy and nginx for tests: found, or a reason to skip that says how to bring one.
// Where RINGMAIN_REQUIRE_REAL=1 a missing part throws, so that a gate can never pass by skipping.
import { delimiter } from 'node:path'
import { findTool, onPath, type ToolName, tools } from '#deploy/tools/find.mjs'

export type RealPart = { readonly bin: string } | { readonly skip: string }

type Env = Readonly<Record<string, string | undefined>>

/** `const part = realPart('consul')`, then `test('…', { skip: 'skip' in part && part.skip }, …)`. */
export function realPart(
  name: ToolName,
  env: Env = process.env,
  find: typeof findTool = findTool,
): RealPart {
  const bin = find(name, env)
  if (bin !== undefined) return { bin }
  const why = onPath('go', env) === undefined ? 'no Go and no binary' : 'not built yet'
  const next =
    why === 'not built yet'
      ? `run npm run tools:${name}, or set ${tools[name].variable}`
      : `set ${tools[name].variable}`
  const skip = `needs ${name}: ${why}; ${next}`
  if (env['RINGMAIN_REQUIRE_REAL'] === '1')
    throw new Error(`${skip}. RINGMAIN_REQUIRE_REAL=1 makes a missing real part a failure.`)
  return { skip }
}

/** Where Debian puts the servers of its packages, which an ordinary user's PATH leaves out. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin']

/** A program that a package of the system brings; `from` is the package. */
export function installedPart(
  name: 'haproxy' | 'nginx' | 'wrk',
  from: string,
  env: Env = process.env,
): RealPart {
  const path = [env['PATH'] ?? '', ...SYSTEM_FOLDERS].join(delimiter)
  const bin = onPath(name, { PATH: path })
  if (bin !== undefined) return { bin }
  const skip = `needs ${name}: not on PATH; apt-get install ${from}`
  if (env['RINGMAIN_REQUIRE_REAL'] === '1')
    throw new Error(`${skip}. RINGMAIN_REQUIRE_REAL=1 makes a missing real part a failure.`)
  return { skip }
}
