// Where the parts of this checkout lie. The command line starts them as processes; it imports neither plane.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const ROOT = resolve(import.meta.dirname, '..', '..')

export const ROUTER_MAIN = join(ROOT, 'router', 'main.ts')
/** Where state goes unless somebody says otherwise; the demo's documents name its registry. */
export const isUsualState = (state: string): boolean => resolve(state) === join(ROOT, '.ringmain')

export const DEMO_FOLDER = join(ROOT, 'examples', 'expenses')

export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly version: string
  }
  return manifest.version
}
