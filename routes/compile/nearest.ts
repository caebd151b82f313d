// The known word nearest to a misspelt one, by edit distance with swaps. Far words are not offered: a wild guess misleads.

/** Longer words are compared by their beginning only, so that a hostile key costs no more than an honest one. */
const LONGEST_WORD = 64

export function nearest(word: string, known: Iterable<string>): string | undefined {
  const short = word.slice(0, LONGEST_WORD)
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(short.length / 3)) + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - short.length) >= bestDistance) continue
    const distance = editDistance(short.toLowerCase(), candidate.toLowerCase(), bestDistance)
    if (distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

/** `; did you mean "x"?`, or what else there is to say when nothing is near. */
export function suggestion(word: string, known: readonly string[], otherwise: string): string {
  const near = nearest(word, known)
  return near === undefined ? otherwise : `; did you mean "${near}"?`
}

/** Insertions, deletions, replacements, and swaps of neighbours; each costs one. Stops once it must reach `enough`. */
export function editDistance(left: string, right: string, enough = Infinity): number {
  let before: number[] = []
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const isSame = left[i - 1] === right[j - 1]
      let cost = Math.min(at(row, j) + 1, at(next, j - 1) + 1, at(row, j - 1) + (isSame ? 0 : 1))
      const isSwap = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      if (isSwap) cost = Math.min(cost, at(before, j - 2) + 1)
      next.push(cost)
    }
    // A swap reaches back two rows, so both must be beyond hope.
    if (Math.min(...next, ...row) >= enough) return enough
    before = row
    row = next
  }
  return at(row, right.length)
}

const at = (row: readonly number[], index: number): number => row[index] ?? 0
