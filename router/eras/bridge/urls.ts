// A legacy server may refuse a call until URLs were opened, and its caller sends the call anew then (2025-11-25, elicitation, URL Elicitation
// Required Error). The modern era has no such error: there a caller is asked, and sends the call anew with its answers, which nobody needs.
import type { Message, Question, Span } from '#router/facts.ts'
import { eachElement, isArrayAt, isObjectAt, memberOf } from '../json-spans.ts'
import { MOST_QUESTIONS, unaskable, withoutElicitationId } from './rounds.ts'

const URLS_REQUIRED = -32042

/** What such an error becomes; undefined where it is another one, or asks in no form that is known, or for what this caller cannot do. */
export function urlsIn(
  json: Buffer,
  error: Span,
  capabilities: Readonly<Record<string, unknown>>,
): readonly Question[] | undefined {
  const code = memberOf(json, error.start, 'code')
  if (code === undefined || Number(json.toString('utf8', code.start, code.end)) !== URLS_REQUIRED)
    return undefined
  const data = memberOf(json, error.start, 'data')
  const list = data && memberOf(json, data.start, 'elicitations')
  if (list === undefined || !isArrayAt(json, list.start)) return undefined
  const questions: Question[] = []
  eachElement(json, list.start, ({ start, end }) => {
    const paramsJson = json.toString('utf8', start, end)
    const question = { key: `u${questions.length + 1}`, method: 'elicitation/create', paramsJson }
    const isObject = isObjectAt(json, start) // what is none is no question, and is found so below
    questions.push({ ...question, ...(isObject ? withoutElicitationId(paramsJson) : {}) })
  })
  const isGood = (question: Question): boolean =>
    isUrl(question) && unaskable(question, capabilities) === undefined
  const isAny = questions.length > 0 && questions.length <= MOST_QUESTIONS
  return isAny && questions.every(isGood) ? questions : undefined
}

function isUrl({ paramsJson = '' }: Question): boolean {
  const params = JSON.parse(paramsJson) as Readonly<Record<string, unknown>> | null
  return params?.['mode'] === 'url' && typeof params['url'] === 'string'
}

/** Whoever has said no once is not asked the same again: it hears what its server said. */
export function hasDeclined({ params }: Message): boolean {
  const answers: unknown = params['inputResponses']
  return (
    typeof answers === 'object' &&
    answers !== null &&
    Object.values(answers as Readonly<Record<string, { readonly action?: unknown } | null>>).some(
      answer => answer?.action !== 'accept',
    )
  )
}
