// Which test files run, and in which order: rules of the code first, then units, and what needs the machine to itself last.
import { globSync } from 'node:fs'

const NOT_OURS = ['node_modules/**', '.ringmain/**', '.tools/**']

/** Folders whose tests start processes and measure time: they run one at a time. */
const ALONE = ['test/integration/', 'test/edge/', 'test/chaos/', 'test/conformance/']

export interface Selection {
  readonly together: readonly string[]
  readonly alone: readonly string[]
  /** Words of the command line that name no test. */
  readonly unknown: readonly string[]
}

/** `words` are files or folders from the root; none means every test. */
export function selectTests(root: string, words: readonly string[]): Selection {
  const all = globSync('**/*.test.ts', { cwd: root, exclude: NOT_OURS }).toSorted()
  const isUnder = (file: string, word: string): boolean => {
    const folder = word.replace(/^\.\//, '').replace(/\/$/, '')
    return file === folder || file.startsWith(`${folder}/`)
  }
  const chosen = all.filter(file => words.length === 0 || words.some(word => isUnder(file, word)))
  const isAlone = (file: string): boolean => ALONE.some(folder => file.startsWith(folder))
  const rules = (file: string): number => (file.startsWith('test/architecture/') ? 0 : 1)
  return {
    together: chosen.filter(file => !isAlone(file)).toSorted((a, b) => rules(a) - rules(b)),
    alone: chosen.filter(isAlone),
    unknown: words.filter(word => !all.some(file => isUnder(file, word))),
  }
}
