// Every method that a caller may send, a row each: which ordered list it goes down, in which eras, and what it is about. Whoever needs to
// know something of a method asks here, so that one that is added is a row and no branch.
import { ERAS, type Era } from '#routes/route-table.ts'
import type { ListName } from './facts.ts'

type Params = Readonly<Record<string, unknown>>

/** What a request is about, as its caller names it: who owns that is who answers. */
export interface Subject {
  readonly kind: 'tool' | 'prompt' | 'resource' | 'task'
  readonly name: string
  /** Keys from `params` down to the name. */
  readonly path: readonly string[]
}

/** Where a list stands in its result, and what its definitions are told apart by. */
export interface Listed {
  readonly member: 'tools' | 'prompts' | 'resources' | 'resourceTemplates'
  readonly key: 'name' | 'uri' | 'uriTemplate'
}

/** One definition of a list, and what its owner calls it. */
export interface Item {
  readonly own: string
  readonly definition: Buffer
}

/** A definition that no list shows, and the reason in words for whoever runs the router. */
export interface LeftOut {
  readonly own: string
  readonly why: string
}

export interface Method {
  readonly eras: readonly Era[]
  readonly list: ListName
  readonly subject?: {
    /** Undefined where the parameters do not tell. */
    readonly in: (params: Params) => Subject | undefined
    /** What they must tell, for whoever sent them. */
    readonly expects: string
  }
  /** The subject stands in `Mcp-Name` as well (2026-07-28, transports, Standard Request Headers; SEP-2663 for tasks). */
  readonly isMirrored?: true
  /** What it lists. */
  readonly items?: Listed
  /** Its server may answer with what it needs of its caller, who then sends it again with that (2026-07-28, MRTR). */
  readonly hasRounds?: true
  /** It reads and changes nothing, whoever serves it: the specification defines it so. */
  readonly isRead?: true
}

const MODERN = ['modern'] as const
const LEGACY = ['legacy'] as const

const named = (kind: Subject['kind'], key: string): Required<Method>['subject'] => ({
  in: params => textAt(kind, params, [key]),
  expects: `params.${key} must be a string.`,
})

function textAt(
  kind: Subject['kind'],
  params: Params,
  path: readonly string[],
): Subject | undefined {
  let value: unknown = params
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Params)[key]
  }
  return typeof value === 'string' ? { kind, name: value, path } : undefined
}

/** A completion names what it completes only in its body. */
const REFERENCE: Required<Method>['subject'] = {
  in: params => {
    const type = textAt('prompt', params, ['ref', 'type'])?.name
    if (type === 'ref/prompt') return textAt('prompt', params, ['ref', 'name'])
    return type === 'ref/resource' ? textAt('resource', params, ['ref', 'uri']) : undefined
  },
  expects: 'params.ref must be a ref/prompt with a name or a ref/resource with a uri.',
}

const TASK = named('task', 'taskId')

export const METHODS: Readonly<Record<string, Method>> = Object.freeze({
  'tools/call': {
    eras: ERAS,
    list: 'call',
    subject: named('tool', 'name'),
    isMirrored: true,
    hasRounds: true,
  },
  'prompts/get': {
    eras: ERAS,
    list: 'call',
    subject: named('prompt', 'name'),
    isMirrored: true,
    hasRounds: true,
    isRead: true,
  },
  'resources/read': {
    eras: ERAS,
    list: 'call',
    subject: named('resource', 'uri'),
    isMirrored: true,
    hasRounds: true,
    isRead: true,
  },
  'completion/complete': { eras: ERAS, list: 'call', subject: REFERENCE, isRead: true },
  'tasks/get': { eras: MODERN, list: 'call', subject: TASK, isMirrored: true, isRead: true },
  'tasks/update': { eras: MODERN, list: 'call', subject: TASK, isMirrored: true },
  'tasks/cancel': { eras: MODERN, list: 'call', subject: TASK, isMirrored: true },
  'tools/list': { eras: ERAS, list: 'list', items: { member: 'tools', key: 'name' } },
  'prompts/list': { eras: ERAS, list: 'list', items: { member: 'prompts', key: 'name' } },
  'resources/list': { eras: ERAS, list: 'list', items: { member: 'resources', key: 'uri' } },
  'resources/templates/list': {
    eras: ERAS,
    list: 'list',
    items: { member: 'resourceTemplates', key: 'uriTemplate' },
  },
  'resources/subscribe': { eras: LEGACY, list: 'subscribe', subject: named('resource', 'uri') },
  'resources/unsubscribe': { eras: LEGACY, list: 'subscribe', subject: named('resource', 'uri') },
  'subscriptions/listen': { eras: MODERN, list: 'stream' },
  'server/discover': { eras: MODERN, list: 'handshake' },
  initialize: { eras: LEGACY, list: 'handshake' },
  ping: { eras: LEGACY, list: 'handshake' },
  'logging/setLevel': { eras: LEGACY, list: 'handshake' },
})

/** Undefined for one that this era does not know, or that is not carried. */
export function methodOf(era: Era, name: string): Method | undefined {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined
  return method?.eras.includes(era) === true ? method : undefined
}

export const subjectOf = ({
  method,
  params,
}: {
  readonly method: string
  readonly params: Params
}): Subject | undefined =>
  Object.hasOwn(METHODS, method) ? METHODS[method]?.subject?.in(params) : undefined

export const hasRounds = (method: string): boolean =>
  Object.hasOwn(METHODS, method) && METHODS[method]?.hasRounds === true

export const listedBy = (method: string): Listed | undefined =>
  Object.hasOwn(METHODS, method) ? METHODS[method]?.items : undefined

/** It comes back with a person's answers, or with what a server wrote down between two rounds, which the first may have spent. */
export const isLaterRound = (params: Params): boolean =>
  'inputResponses' in params || 'requestState' in params

/** Whether it may be sent again though it may have run, whatever it is about. */
export const isRepeatableRead = ({
  method,
  params,
}: {
  readonly method: string
  readonly params: Params
}): boolean =>
  Object.hasOwn(METHODS, method) && METHODS[method]?.isRead === true && !isLaterRound(params)
