// The clusters that documents may refer to, and what to say of a name that is none of them.
import { suggestion } from './nearest.ts'

export interface ClusterNames {
  readonly has: (name: string) => boolean
  /** What follows the statement that there is no such cluster. */
  readonly hint: (name: string) => string
}

/** Each guess compares the name with every cluster: thousands of wrong references among thousands of names would take minutes. */
const MOST_GUESSES = 100
const MOST_LISTED = 10

export function clusterNames(given: readonly string[]): ClusterNames {
  const names = [...new Set(given)].sort()
  const known = new Set(names)
  const more = names.length > MOST_LISTED ? ` and ${names.length - MOST_LISTED} more` : ''
  const listed =
    names.length === 0
      ? '; no cluster is described'
      : `; known: ${names.slice(0, MOST_LISTED).join(', ')}${more}`
  let guessesLeft = MOST_GUESSES
  return {
    has: name => known.has(name),
    hint: name => {
      if (guessesLeft === 0) return listed
      guessesLeft -= 1
      return suggestion(name, names, listed)
    },
  }
}

/** For when some document could not be read, and may describe any cluster. */
export const anyCluster: ClusterNames = { has: () => true, hint: () => '' }
