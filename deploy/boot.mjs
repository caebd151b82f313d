// Brings Node 26 and the packages once, then runs a command under it: `node deploy/boot.mjs <command> [args]`.
// Plain JavaScript without dependencies for Node 18 and later: it runs before anything is installed.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { ancestry } from './boot/ancestry.mjs'
import { BootProblem, isInstalled, nodeBinary } from './boot/stamp.mjs'
import { supervise } from './boot/supervise.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Commands of the checkout itself; every other word is a command of `ringmain`. */
const OWN = {
  test: 'deploy/gates/run-tests.ts',
  check: 'deploy/gates/run-checks.ts',
  gen: 'docs/generate.ts',
}

function scriptFor(command, args) {
  if (command === 'run') return args
  const own = OWN[command]
  return own === undefined
    ? ['control-plane/cli/main.ts', ...(command === undefined ? ['--help'] : [command, ...args])]
    : [own, ...args]
}

async function main([command, ...args]) {
  const major = Number.parseInt(process.versions.node, 10)
  if (major < 18)
    throw new BootProblem(
      `Node ${process.versions.node} is too old to start Ringmain.`,
      'Install Node 18 or later; Node 26 itself is brought along.',
    )
  if (process.platform === 'win32')
    throw new BootProblem(
      'Ringmain runs on Linux and macOS; this is Windows.',
      'Use WSL 2, and start it there.',
    )
  const links = ancestry() // before the install: whoever asked may be gone by its end
  if (!isInstalled(root)) {
    const { install } = await import('./boot/install.mjs') // every other start does without it
    await install(root, links)
  }
  const [script, ...rest] = scriptFor(command, args)
  const path = script === undefined ? undefined : join(root, script)
  if (path === undefined || !existsSync(path))
    throw new BootProblem(
      `There is nothing to run: ${script ?? 'no file was named'} is not in this checkout.`,
      'Check the command, or bring the checkout up to date.',
    )
  return supervise(nodeBinary(root), [path, ...rest], links)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof BootProblem)) throw error
  process.stderr.write(`ringmain: ${error.message}\n${error.next}\n`)
  process.exitCode = error.code
}
