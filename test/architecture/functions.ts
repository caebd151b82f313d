// Functions and their length, found by the shape that the formatter gives them.
// It does not see: a body on one line (never long), a function in a template, and a body behind a return type
// that is itself a braced block over several lines (the type is measured instead).
import { lineOf, type Source } from './source.ts'

export interface FunctionSize {
  readonly line: number
  readonly lines: number
}

/** `function`, a method, or an arrow with a body; control words with parentheses are not functions. */
const OPENING =
  /\bfunction\b|(?:=>\s*\{\n)|^[ \t]+(?:(?:async|static|get|set|override|private)\s+)*(?!(?:if|for|while|switch|catch|with|function|return)\b)[#\w$]+(?:<[^>\n]*>)?\((?=[^;]*?\)[^;\n]*\{\n)/gm

export function functionsOf(source: Source): readonly FunctionSize[] {
  const { code } = source
  return [...code.matchAll(OPENING)].flatMap(match => {
    const isArrow = match[0].startsWith('=>')
    const open = isArrow ? code.indexOf('{', match.index) : bodyStart(code, match.index)
    if (open === -1) return []
    const line = lineOf(code, match.index)
    return [{ line, lines: lineOf(code, closingBrace(code, open)) - line + 1 }]
  })
}

/** The brace that ends a line after the parameters have been closed. */
function bodyStart(code: string, from: number): number {
  let depth = 0
  for (let at = code.indexOf('(', from); at !== -1 && at < code.length; at += 1) {
    if (code[at] === '(') depth += 1
    else if (code[at] === ')') depth -= 1
    else if (depth === 0 && code[at] === '{' && /^[ \t]*\n/.test(code.slice(at + 1))) return at
    else if (depth === 0 && code[at] === ';') return -1
  }
  return -1
}

function closingBrace(code: string, open: number): number {
  let depth = 0
  for (let at = open; at < code.length; at += 1) {
    if (code[at] === '{') depth += 1
    else if (code[at] === '}') depth -= 1
    if (depth === 0) return at
  }
  return code.length
}
