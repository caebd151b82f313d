#!/usr/bin/env node
// The `ringmain` command: runs the command line under Node 26, in this process where that is what runs already.
// Static imports only of what every Node since 18 has, so that an old one gets a sentence and not a stack.
import { existsSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { BootProblem, nodeBinary, WANTED_MAJOR } from './boot/stamp.mjs'
import { supervise } from './boot/supervise.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const program = fileURLToPath(new URL('../control-plane/cli/main.ts', import.meta.url))
const binary = nodeBinary(root)

if (!existsSync(fileURLToPath(new URL('../node_modules/.package-lock.json', import.meta.url))))
  fail(
    'The packages are not installed yet.',
    'Run `npm start` once (or `npm test`) in the checkout.',
  )
else if (Number.parseInt(process.versions.node, 10) >= WANTED_MAJOR)
  await import('#control-plane/cli/main.ts')
else
  try {
    process.exitCode = await supervise(binary, [program, ...process.argv.slice(2)])
  } catch (error) {
    if (!(error instanceof BootProblem)) throw error
    fail(error.message, error.next)
  }

function fail(what, next) {
  process.stderr.write(`ringmain: ${what}\n${next}\n`)
  process.exitCode = 1
}
