// Tool servers of the field, installed once into a folder of their own: nobody who does not run these tests has to wait for them.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const FOLDER = join(ROOT, '.ringmain', 'peers')
const FILES = ['package.json', 'package-lock.json', '.npmrc']

/** The program of a package, by its name in `bin`. Installs all of them when the lockfile has changed. */
export function peerProgram(name: string): string {
  if (!isInstalled()) install()
  return join(FOLDER, 'node_modules', '.bin', name)
}

const asked = (file: string): string => join(import.meta.dirname, 'packages', file)

function isInstalled(): boolean {
  const stamp = join(FOLDER, 'node_modules', '.installed')
  return (
    existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync(asked(FILES[1] ?? ''), 'utf8')
  )
}

function install(): void {
  mkdirSync(FOLDER, { recursive: true })
  for (const file of FILES) copyFileSync(asked(file), join(FOLDER, file))
  const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], {
    cwd: FOLDER,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`the peers could not be installed:\n${stderr}`)
  copyFileSync(asked('package-lock.json'), join(FOLDER, 'node_modules', '.installed'))
}
