// Faults at random, one after another, each on one replica for a while: what a bad hour does in half a minute.
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '#foundation/clock.ts'
import type { Toxics } from './chaos-proxy.ts'
import * as http from './http-toxics.ts'
import type { Place } from './stage.ts'
import * as toxic from './toxics.ts'

/** What is done to one place, and what undoes it. */
interface Mischief {
  readonly name: string
  readonly begin: (place: Place) => unknown
  readonly end: (place: Place) => unknown
}

/** Connections that stand are reset, so that all that come have the toxics. */
const bytes = (name: string, toxics: Toxics): Mischief => ({
  name,
  begin: ({ proxy }) => {
    proxy?.set(() => toxics)
    proxy?.reset()
  },
  end: ({ proxy }) => {
    proxy?.clear()
    proxy?.reset()
  },
})

const refusing = (refuseWith: 429 | 503): Mischief => ({
  name: `answers ${refuseWith}`,
  begin: ({ replica }) => replica.behave({ delayMs: 0, refuseWith }),
  end: ({ replica }) => replica.behave({ delayMs: 0 }),
})

const KINDS: readonly Mischief[] = [
  { name: 'kill', begin: ({ replica }) => replica.kill(), end: ({ replica }) => replica.start() },
  { name: 'stop', begin: ({ replica }) => replica.stop(), end: ({ replica }) => replica.go() },
  { name: 'down', begin: ({ proxy }) => proxy?.down(), end: ({ proxy }) => proxy?.up() },
  { name: 'reset', begin: ({ proxy }) => proxy?.reset(), end: ({ proxy }) => proxy?.reset() },
  refusing(503),
  refusing(429),
  bytes('503 and close in front', { there: [http.unavailable(503)] }),
  bytes('timeout there', { there: [toxic.timeout(0)] }),
  bytes('timeout back', { back: [toxic.timeout(0)] }),
  bytes('reset after the request', { there: [toxic.resetPeer(1)] }),
  bytes('latency', { back: [toxic.latency(60, 40)] }),
  bytes('slices', { there: [toxic.slicer(40, 20, 2)], back: [toxic.slicer(40, 20, 2)] }),
  bytes('limit', { back: [toxic.limitData(150)] }),
  bytes('lying length', { back: [http.lyingLength()] }),
  bytes('garbage', { back: [http.garbage()] }),
  bytes('early close', { back: [http.earlyClose()] }),
  bytes('slow drip', { back: [http.slowDrip(2)] }),
]

const LEAST_MS = 150
const MOST_MS = 900

/** Until `isOver` says so; returns how often each kind was done. Two places at most are ill at once. */
export async function makeMischief(
  places: readonly Place[],
  random: Random,
  isOver: () => boolean,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  const well = [...places]
  const draw = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const one = async (): Promise<void> => {
    const kind = draw(KINDS)
    const place = draw(well)
    well.splice(well.indexOf(place), 1)
    counts.set(kind.name, (counts.get(kind.name) ?? 0) + 1)
    await kind.begin(place)
    await pause(LEAST_MS + random() * (MOST_MS - LEAST_MS))
    await kind.end(place)
    well.push(place)
  }
  const stream = async (): Promise<void> => {
    while (!isOver()) await one()
  }
  await Promise.all([stream(), stream()])
  return counts
}
