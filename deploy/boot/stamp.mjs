// Says whether the installed packages are those that the lockfile asks for. Read on every start, so it loads next to nothing:
// the stamp is a copy of what decides, compared as text, since loading a hash costs more than the whole comparison.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

export const WANTED_MAJOR = 26

/** A fault that a person can put right: what failed, and what to do next. */
export class BootProblem extends Error {
  constructor(message, next, code = 1) {
    super(message)
    this.next = next
    this.code = code
  }
}

export const stampPath = root => join(root, 'node_modules', '.boot')

export function isInstalled(root) {
  return readIfThere(stampPath(root)) === wantedStamp(root) && existsSync(nodeBinary(root))
}

/** What decides about the packages: what is asked for, what is locked, and the machine they were fetched for. */
export function wantedStamp(root) {
  const { dependencies, devDependencies, overrides } = readJson(join(root, 'package.json'))
  const asked = JSON.stringify({ dependencies, devDependencies, overrides })
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  return `${process.platform} ${process.arch}\n${asked}\n${lock}`
}

/** The Node that everything runs under: the one that came with the packages, or the running one where that fits. */
export function nodeBinary(root) {
  const brought = join(root, 'node_modules', 'node', 'bin', 'node')
  if (existsSync(brought)) return brought
  return Number.parseInt(process.versions.node, 10) >= WANTED_MAJOR ? process.execPath : brought
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

export function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}
