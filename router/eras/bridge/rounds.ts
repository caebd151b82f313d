// A modern server answers with what it wants to know of its caller, and is sent the call again with that; a legacy caller is asked by requests.
// What is asked and answered goes on as it was written.
import type {
  AskedRound,
  CarryRefusal,
  Message,
  OpenQuestion,
  ParkedCall,
  Question,
  Span,
} from '#router/facts.ts'
import { eachMember, firstValue, isObjectAt, memberOf } from '../json-spans.ts'

/** Of one round. No tool asks a person so much at once. */
export const MOST_QUESTIONS = 32
/** What a legacy client can be asked, by the capability that it has then. */
const CAPABILITIES: Readonly<Record<string, string>> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
}

const textAt = (json: Buffer, { start, end }: Span): string => json.toString('utf8', start, end)

/** From a result that asks for another round; undefined where it asks in no form that is known. */
export function askedIn(json: Buffer, result: Span): AskedRound | undefined {
  let stateJson: string | undefined
  let isGood = true
  const questions: Question[] = []
  eachMember(json, result.start, (member, span) => {
    if (member === 'requestState') stateJson = textAt(json, span)
    if (member !== 'inputRequests') return
    isGood = isObjectAt(json, span.start)
    if (isGood)
      eachMember(json, span.start, (key, { start }) => {
        const question = questionAt(json, key, start)
        if (question === undefined) isGood = false
        else questions.push(question)
      })
  })
  if (!isGood || questions.length > MOST_QUESTIONS) return undefined
  if (stateJson === undefined) return questions.length === 0 ? undefined : { questions }
  return stateJson.startsWith('"') ? { questions, stateJson } : undefined
}

function questionAt(json: Buffer, key: string, at: number): Question | undefined {
  if (!isObjectAt(json, at)) return undefined
  let method: unknown
  let paramsJson: string | undefined
  eachMember(json, at, (member, span) => {
    if (member === 'method') method = JSON.parse(textAt(json, span))
    else if (member === 'params' && isObjectAt(json, span.start)) paramsJson = textAt(json, span)
  })
  if (typeof method !== 'string' || !Object.hasOwn(CAPABILITIES, method)) return undefined
  return { key, method, ...(paramsJson === undefined ? {} : { paramsJson }) }
}

/** A request of a legacy server; undefined where it asks in no form that is known. */
export function openQuestion(json: Buffer, idJson: string): OpenQuestion | 'ping' | undefined {
  const question = questionAt(json, '', firstValue(json))
  if (question !== undefined)
    return { ...question, idJson, ...withoutElicitationId(question.paramsJson) }
  let isPing = false
  eachMember(json, firstValue(json), (member, span) => {
    if (member === 'method') isPing = JSON.parse(textAt(json, span)) === 'ping'
  })
  return isPing ? 'ping' : undefined
}

/** The modern era knows no id of a URL that is to be opened. */
export function withoutElicitationId(paramsJson?: string): Pick<Question, 'paramsJson'> {
  if (paramsJson?.includes('elicitationId') !== true) return {}
  const params = Buffer.from(paramsJson)
  const kept: string[] = []
  eachMember(params, 0, (key, span) => {
    if (key !== 'elicitationId') kept.push(`${JSON.stringify(key)}:${textAt(params, span)}`)
  })
  return { paramsJson: `{${kept.join()}}` }
}

/** The answer to a modern caller; with a state where its call waits at a legacy server. */
export function inputRequired(
  idJson: string,
  questions: readonly Question[],
  state?: string,
): Buffer {
  const asked = questions.map(({ key, method, paramsJson }) => {
    const params = paramsJson === undefined ? '' : `,"params":${paramsJson}`
    return `${JSON.stringify(key)}:{"method":${JSON.stringify(method)}${params}}`
  })
  const wait = state === undefined ? '' : `,"requestState":${JSON.stringify(state)}`
  return Buffer.from(
    `{"jsonrpc":"2.0","id":${idJson},"result":{"resultType":"input_required",` +
      `"inputRequests":{${asked.join()}}${wait}}}`,
  )
}

/** What the caller of a later round answers to a question, for a legacy server; one that it has left out is as good as declined. */
export function answerFor(
  { body, spans }: Message,
  [key, method, idJson]: ParkedCall['asked'][number],
): Buffer {
  let given: string | undefined
  const answers = spans.params && memberOf(body, spans.params.start, 'inputResponses')
  const answer = answers && memberOf(body, answers.start, key)
  if (answer !== undefined) given = textAt(body, answer)
  const left =
    method === 'elicitation/create'
      ? '"result":{"action":"cancel"}'
      : '"error":{"code":-1,"message":"The caller gave no answer."}'
  const said = given === undefined ? left : `"result":${given}`
  return Buffer.from(`{"jsonrpc":"2.0","id":${idJson},${said}}`)
}

/** Asks the caller of a session, under an id of the router's own. */
export function questionFor(id: string, { method, paramsJson }: Question): Buffer {
  const params = paramsJson === undefined ? '' : `,"params":${withElicitationId(id, paramsJson)}`
  return Buffer.from(
    `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)}${params}}`,
  )
}

/** A URL that is to be opened has an id in the legacy era (2025-11-25, elicitation), and none since. */
function withElicitationId(id: string, paramsJson: string): string {
  const { mode, elicitationId } = JSON.parse(paramsJson) as Readonly<Record<string, unknown>>
  return mode === 'url' && elicitationId === undefined
    ? `{"elicitationId":${JSON.stringify(id)},${paramsJson.slice(1)}`
    : paramsJson
}

/** What a caller of these capabilities and this revision cannot be asked; undefined where it can. */
export function unaskable(
  { method, paramsJson = '{}' }: Question,
  capabilities: Readonly<Record<string, unknown>>,
): CarryRefusal | undefined {
  const needed = CAPABILITIES[method] ?? ''
  const has = capabilities[needed] as Readonly<Record<string, unknown>> | undefined
  const { mode } = JSON.parse(paramsJson) as { readonly mode?: unknown }
  const isUrl = needed === 'elicitation' && mode === 'url'
  if (has !== undefined && (!isUrl || has['url'] !== undefined)) return undefined
  return {
    code: 'RINGMAIN_QUESTION_UNANSWERED',
    says: `This caller cannot be asked for ${needed}${isUrl ? ' by a URL' : ''}.`,
  }
}

/** The result in a caller's answer, as it was written; undefined where it answered with an error. */
export function answerIn({ body }: Message): string | undefined {
  let result: string | undefined
  eachMember(body, firstValue(body), (key, span) => {
    if (key === 'result') result = textAt(body, span)
  })
  return result
}

const OF_A_ROUND: ReadonlySet<string> = new Set(['inputResponses', 'requestState'])

/** The call once more, with what its caller answered and what its server wrote down. */
export function withAnswers(
  message: Message,
  answers: ReadonlyArray<readonly [key: string, json: string]>,
  stateJson: string | undefined,
): Message {
  const { body, spans, idJson, method } = message
  const members: string[] = []
  if (spans.params !== undefined)
    eachMember(body, spans.params.start, (key, span) => {
      if (!OF_A_ROUND.has(key)) members.push(`${JSON.stringify(key)}:${textAt(body, span)}`)
    })
  const given = answers.map(([key, json]) => `${JSON.stringify(key)}:${json}`)
  if (given.length > 0) members.push(`"inputResponses":{${given.join()}}`)
  if (stateJson !== undefined) members.push(`"requestState":${stateJson}`)
  const call = `{"jsonrpc":"2.0","id":${idJson},"method":${JSON.stringify(method)},"params":{${members.join()}}}`
  const params = { ...message.params, inputResponses: {} } // to be looked at: it is a later round
  return { ...message, params, body: Buffer.from(call), spans: spansOf(Buffer.from(call)) }
}

function spansOf(body: Buffer): Message['spans'] {
  const spans: { id?: Span; params?: Span; name?: Span } = {}
  eachMember(body, firstValue(body), (key, span) => {
    if (key === 'id' || key === 'params') spans[key] = span
  })
  if (spans.params !== undefined)
    eachMember(body, spans.params.start, (key, span) => {
      if (key === 'name') spans.name = span
    })
  return spans
}
