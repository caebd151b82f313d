// The files of this checkout as the rules read them: what is on disk, without what git ignores.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSource, type Source } from './source.ts'

export const root = join(import.meta.dirname, '..', '..')

const NOT_OURS = ['node_modules/**', '.ringmain/**', '.tools/**', 'out/**']

export function filesMatching(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: root, exclude: NOT_OURS }).toSorted()
}

export function readTree(): readonly Source[] {
  return filesMatching('**/*.{ts,mts,mjs}').map(path =>
    readSource(path, readFileSync(join(root, path), 'utf8')),
  )
}
