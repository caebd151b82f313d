// What replicas state of their tools when they register (`rm-tools-rev`) beside what they list. Nothing hangs on the statement;
// but where the two tell replicas apart in different ways a build is mislabelled, and whoever runs it should hear of it.
import { plainText } from '#foundation/plain-text.ts'
import type { Learned } from './endpoint.ts'

export interface Stating {
  readonly key: string
  readonly health: 'up' | 'down' | 'unknown'
  readonly instance: {
    readonly state: 'ready' | 'draining' | 'down'
    readonly claims?: Readonly<Record<string, string>>
  }
  readonly learned: Pick<Learned, 'eras' | 'lists'> | undefined
}

const MOST_NOTES = 5
const MOST_NAMED = 3
const LONGEST_NAME = 80

/** Revision, digest of the list, and who has both. */
type Statement = readonly [revision: string, digest: string, key: string]

/**
 * Sentences for people, none where statements and lists agree. Compared within the era that a list was read in, as lists are: a
 * server may describe the same tools to the two in different ways.
 */
export function revisionNotes(endpoints: Iterable<Stating>): readonly string[] {
  const serving = [...endpoints].filter(
    ({ health, instance }) => health === 'up' && instance.state === 'ready',
  )
  const [modern = [], legacy = []] = [true, false].map(isModern =>
    serving.filter(({ learned }) => learned?.eras.includes('modern') === isModern),
  )
  return [modern, legacy].flatMap(some => notesOf(some.flatMap(stated))).slice(0, MOST_NOTES)
}

function stated({ key, instance, learned }: Stating): readonly Statement[] {
  const revision = instance.claims?.['tools-rev']
  const era = learned?.eras.includes('modern') === true ? 'modern' : 'legacy'
  const digest = learned?.lists?.[era]?.digest
  return revision === undefined || digest === undefined ? [] : [[revision, digest, key]]
}

function notesOf(statements: readonly Statement[]): readonly string[] {
  const alike = groups(statements, ([, digest]) => digest).filter(group => kinds(group, 0) > 1)
  const apart = groups(statements, ([revision]) => revision).filter(group => kinds(group, 1) > 1)
  return [
    ...alike.map(group => {
      const revisions = groups(group, ([revision]) => revision).map(
        same => `${plain(same[0]?.[0] ?? '')} by ${named(same)}`,
      )
      return `replicas that list the same tools state different revisions (rm-tools-rev): ${listed(revisions)}`
    }),
    ...apart.map(group => {
      const lists = groups(group, ([, digest]) => digest).map(
        same => `${same[0]?.[1] ?? ''} by ${named(same)}`,
      )
      return `replicas that state revision ${plain(group[0]?.[0] ?? '')} (rm-tools-rev) list different tools: ${listed(lists)}`
    }),
  ]
}

/** The largest first. */
function groups(
  statements: readonly Statement[],
  by: (statement: Statement) => string,
): readonly (readonly Statement[])[] {
  return [...Map.groupBy(statements, by).values()].toSorted(
    (one, other) => other.length - one.length,
  )
}

const kinds = (statements: readonly Statement[], part: 0 | 1): number =>
  new Set(statements.map(statement => statement[part])).size

const named = (statements: readonly Statement[]): string =>
  listed(statements.map(([, , key]) => plain(key)))

const listed = (texts: readonly string[]): string =>
  texts.length <= MOST_NAMED
    ? texts.join(', ')
    : `${texts.slice(0, MOST_NAMED).join(', ')} and ${texts.length - MOST_NAMED} more`

const plain = (text: string): string => plainText(text, LONGEST_NAME)
