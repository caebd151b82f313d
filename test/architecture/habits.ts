// Habits that a reader counts on, as rules over source text. Each returns one finding a place, with its line.
import { lineOf, type Source } from './source.ts'

export type Rule = (sources: readonly Source[]) => readonly string[]

/** Edges where `any` is meant, each with its reason. */
const ANY_EDGES: Readonly<Record<string, string>> = {}

const at = ({ path, text }: Source, index: number): string => `${path}:${lineOf(text, index)}`

/** Each match of the pattern in the code, or in the comments, of the files that the rule is for. */
function matches(
  sources: readonly Source[],
  pattern: RegExp,
  part: 'code' | 'comments',
): readonly { readonly source: Source; readonly index: number; readonly text: string }[] {
  return sources.flatMap(source =>
    [...source[part].matchAll(pattern)].map(match => ({
      source,
      index: match.index,
      text: match[0],
    })),
  )
}

export const headerComments: Rule = sources =>
  sources
    .filter(({ text }) => !/^(#!.*\n)?(\/\/ \S|\/\*\*? ?\S)/.test(text))
    .map(({ path }) => `${path} does not begin with a comment that says what it is`)

export const noAny: Rule = sources =>
  matches(sources, /(?<![.\w$])any\b(?!\s*[(:?])/g, 'code')
    .filter(({ source }) => ANY_EDGES[source.path] === undefined)
    .map(({ source, index }) => `${at(source, index)} says any`)

export const noUnfinishedWork: Rule = sources =>
  matches(sources, /\b(TODO|FIXME|XXX|HACK)\b/g, 'comments').map(
    ({ source, index, text }) => `${at(source, index)} says ${text}`,
  )

/**
 * Nothing in the router keeps state in a module. A constant table is no state: a map or set typed as read-only passes.
 * It sees declarations on the outermost level only, and not what a library keeps.
 */
export const noModuleState: Rule = sources =>
  sources
    .filter(({ path }) => path.startsWith('router/') && !path.endsWith('.test.ts'))
    .flatMap(source =>
      outermostLines(source)
        .filter(({ line }) => isState(line))
        .map(({ index, line }) => `${at(source, index)} keeps state in a module: ${line.trim()}`),
    )

function isState(line: string): boolean {
  if (/^(export )?(let|var)\b/.test(line)) return true
  if (!/^(export )?const\b/.test(line) || /\bReadonly(Map|Set)\b/.test(line)) return false
  return (
    /\bnew (Map|Set|WeakMap|WeakSet|LRUCache)\b/.test(line) ||
    /^(export )?const \w+(: [^=]+)? = (\[\]|\{\})\s*$/.test(line)
  )
}

function outermostLines({
  code,
}: Source): readonly { readonly index: number; readonly line: string }[] {
  const lines: { readonly index: number; readonly line: string }[] = []
  let depth = 0
  let index = 0
  for (const line of code.split('\n')) {
    if (depth === 0) lines.push({ index, line })
    depth += (line.match(/[{([]/g) ?? []).length - (line.match(/[})\]]/g) ?? []).length
    index += line.length + 1
  }
  return lines
}

/** Methods are compared bivariantly: a stage placed before the fact it needs would compile. */
export const stageProperties: Rule = sources =>
  sources
    .filter(({ path }) => path === 'router/pipeline/stage.ts')
    .flatMap(source => {
      const body = /\binterface Stage\b[^{]*\{([\s\S]*?)\n\}/.exec(source.code)?.[1] ?? ''
      return ['decide', 'settle'].flatMap(name =>
        new RegExp(`\\breadonly ${name}\\??: \\(`).test(body) &&
        !new RegExp(`\\b${name}\\??\\s*[(<]`).test(body)
          ? []
          : [`${source.path}: ${name} of Stage must be a property that holds a function`],
      )
    })
