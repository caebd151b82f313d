// Which replicas a router prefers where it uses some of many: each router ranks them by a hash of its own, so that all routers
// together use all of them, and one that comes or goes moves no other.

/** Of a key, for one router: from 0 up, evenly spread, and always the same. FNV-1a, then the end of MurmurHash3. */
export function rendezvousScore(seed: number, key: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0
  for (let at = 0; at < key.length; at += 1)
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193) >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** With so many or fewer a router knows and uses all. */
const MOST_WHOLE = 50
const LEAST = 12

/** Of so many replicas a router uses this many: connections and checks of averages grow with the root of the fleet. */
export const subsetSize = (count: number): number =>
  count <= MOST_WHOLE ? count : Math.max(LEAST, Math.ceil(2 * Math.sqrt(count)))
