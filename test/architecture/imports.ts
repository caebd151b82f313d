// What a file imports: static, `import type` and re-exports alike, and calls of `import()`.
// It sees neither `require` nor a path handed to another process.
import { posix } from 'node:path'
import { lineOf, type Source } from './source.ts'

export interface Import {
  readonly file: string
  readonly line: number
  readonly specifier: string
  readonly isDynamic: boolean
  /** Path from the root, for files of the repository. */
  readonly target?: string
}

const STATIC = /\b(?:import|export)\b(?:[^'"`;=()]*?\bfrom\b)?\s*(['"])/g
const DYNAMIC = /\bimport\s*\(\s*(['"]?)/g

export function importsOf(source: Source): readonly Import[] {
  return [...found(source, STATIC, false), ...found(source, DYNAMIC, true)]
}

function found(source: Source, pattern: RegExp, isDynamic: boolean): readonly Import[] {
  return [...source.code.matchAll(pattern)].map(match => {
    const start = match.index + match[0].length
    const quote = match[1] ?? ''
    const specifier =
      quote === '' ? '?' : source.text.slice(start, source.text.indexOf(quote, start))
    const target = targetOf(source.path, specifier)
    const line = lineOf(source.text, match.index)
    const seen = { file: source.path, line, specifier, isDynamic }
    return target === undefined ? seen : { ...seen, target }
  })
}

function targetOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1)
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file), specifier)
  return undefined
}

/** `@scope/name` or `name`, without the path inside the package. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
}
