// Functions and their length, found by the shape that the formatter gives them.
// It does not see: a body on one line (never long), a function in a template, and a body behind a return type
// that is itself a braced block over several lines (the type is measured instead).
import { lineOf, type Source } from './source.ts'

export interface FunctionSize {
  readonly line: number
  readonly lines: number
}

const ARROW = /=>\s*\{\n/g
/** `function`, or the name of a method at the start of its line. */
const NAMED =
  /\bfunction\b[^(\n]*|^[ \t]+(?:(?:async|static|get|set|override) )*[#\w$]+(?:<[^>\n]*>)?(?=\()/gm
const CONTROL = /^\s*(?:if|for|while|switch|catch|with|return|await)$/

export function functionsOf({ code }: Source): readonly FunctionSize[] {
  const arrows = [...code.matchAll(ARROW)].map(match => ({
    start: match.index,
    open: code.indexOf('{', match.index),
  }))
  const named = [...code.matchAll(NAMED)]
    .filter(match => !CONTROL.test(match[0]))
    .map(match => ({ start: match.index, open: bodyStart(code, match.index) }))
  return [...arrows, ...named]
    .filter(({ open }) => open !== -1)
    .map(({ start, open }) => {
      const line = lineOf(code, start)
      return { line, lines: lineOf(code, closing(code, open, '{}')) - line + 1 }
    })
}

/** The brace that ends the line on which the parameters are closed; -1 for a mere call. */
function bodyStart(code: string, from: number): number {
  const parameters = code.indexOf('(', from)
  if (parameters === -1) return -1
  const end = closing(code, parameters, '()') + 1
  const rest = /^(?::[^\n]*)?\s*\{\n/.exec(code.slice(end))
  return rest === null ? -1 : end + rest[0].length - 2
}

function closing(code: string, open: number, pair: '{}' | '()'): number {
  let depth = 0
  for (let at = open; at < code.length; at += 1) {
    if (code[at] === pair[0]) depth += 1
    else if (code[at] === pair[1]) depth -= 1
    if (depth === 0) return at
  }
  return code.length
}
