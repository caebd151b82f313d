// A source file as the rules see it: its text, and the same text with everything but code, or but comments, blanked out.
// Blanking keeps every character in its place, so that a finding can name its line. This is a scanner and no parser:
// it takes a slash after a value for a division and any other for a regular expression.
export interface Source {
  /** From the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
  /** Comments and the insides of strings, templates and regular expressions are spaces. */
  readonly code: string
  /** Everything but comments is spaces. */
  readonly comments: string
}

type Kind = 'code' | 'comment' | 'literal'

export function readSource(path: string, text: string): Source {
  const kinds = classify(text)
  const keep = (wanted: Kind): string =>
    text.replace(/[^\n]/g, (character, at: number) => (kinds[at] === wanted ? character : ' '))
  return { path, text, code: keep('code'), comments: keep('comment') }
}

export function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}

function classify(text: string): readonly Kind[] {
  const kinds = Array.from<Kind>({ length: text.length }).fill('code')
  const openBraces: number[] = [] // braces open inside each template substitution we are in
  let at = 0
  const mark = (kind: Kind, end: number): void => {
    kinds.fill(kind, at, end)
    at = end
  }
  const template = (): void => {
    const end = templatePartEnd(text, at)
    const isOpen = text.startsWith('${', end)
    mark('literal', end)
    if (isOpen) {
      openBraces.push(0)
      at += 2
    } else at += 1
  }
  while (at < text.length) {
    const character = text[at]
    if (text.startsWith('//', at)) mark('comment', indexOrEnd(text, '\n', at))
    else if (text.startsWith('/*', at)) mark('comment', indexOrEnd(text, '*/', at + 2) + 2)
    else if (character === '"' || character === "'") quoted(character)
    else if (character === '`') {
      at += 1
      template()
    } else if (character === '/' && startsRegex(text, kinds, at))
      mark('literal', regexEnd(text, at))
    else if (character === '{' && openBraces.length > 0) count(1)
    else if (character === '}' && openBraces.length > 0) {
      if (openBraces.at(-1) === 0) {
        openBraces.pop()
        at += 1
        template()
      } else count(-1)
    } else at += 1
  }
  return kinds.slice(0, text.length)

  function quoted(quote: string): void {
    at += 1
    let end = at
    while (end < text.length && text[end] !== quote && text[end] !== '\n')
      end += text[end] === '\\' ? 2 : 1
    mark('literal', Math.min(end, text.length))
    at += 1
  }

  function count(by: number): void {
    openBraces.push((openBraces.pop() ?? 0) + by)
    at += 1
  }
}

function indexOrEnd(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from)
  return found === -1 ? text.length : found
}

/** Where this part of a template ends: at its closing backtick or at the next substitution. */
function templatePartEnd(text: string, from: number): number {
  let end = from
  while (end < text.length && text[end] !== '`' && !text.startsWith('${', end))
    end += text[end] === '\\' ? 2 : 1
  return Math.min(end, text.length)
}

const VALUE_BEFORE = /[\w$)\]'"`]$/
const WORD_BEFORE_REGEX = /(^|\W)(return|typeof|case|in|of|delete|void|await|yield)$/

function startsRegex(text: string, kinds: readonly Kind[], at: number): boolean {
  let before = at - 1
  while (before >= 0 && (kinds[before] === 'comment' || /\s/.test(text[before] ?? ''))) before -= 1
  const lead = text.slice(Math.max(0, before - 12), before + 1)
  return !VALUE_BEFORE.test(lead) || WORD_BEFORE_REGEX.test(lead)
}

function regexEnd(text: string, at: number): number {
  let end = at + 1
  let isInClass = false
  while (end < text.length && text[end] !== '\n') {
    const character = text[end]
    if (character === '\\') end += 1
    else if (character === '[') isInClass = true
    else if (character === ']') isInClass = false
    else if (character === '/' && !isInClass) return end + 1
    end += 1
  }
  return end
}
