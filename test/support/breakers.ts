// The breaker package as it comes, and the breaker of an endpoint beside it, on one mocked time.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import CircuitBreaker from 'opossum'
import { EndpointBreaker } from '#router/clusters/ejection/endpoint-breaker.ts'

type Outcome = 'good' | 'bad' | 'never'
export type Bare = CircuitBreaker<[Outcome | Promise<void>], void>

export const BUCKETS = { rollingCountBuckets: 10, rollingCountTimeout: 10_000 }

export function bare(t: TestContext, options: CircuitBreaker.Options = {}): Bare {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  const breaker: Bare = new CircuitBreaker(
    async (outcome: Outcome | Promise<void>) => {
      if (outcome instanceof Promise) return outcome
      if (outcome === 'bad') throw new Error('bad')
      if (outcome === 'never') await new Promise(() => undefined)
    },
    { timeout: false, resetTimeout: 1_000, ...options },
  )
  t.after(() => breaker.shutdown())
  return breaker
}

export const turn = async (): Promise<void> => {
  for (let count = 0; count < 8; count += 1) await Promise.resolve()
}

export const fire = async (
  breaker: Bare,
  ...outcomes: readonly (Outcome | Promise<void>)[]
): Promise<void> => {
  for (const outcome of outcomes) breaker.fire(outcome).catch(() => undefined)
  await turn()
}

export async function halfOpened(t: TestContext, breaker: Bare): Promise<void> {
  breaker.open()
  t.mock.timers.tick(1_000)
  assert.equal(breaker.halfOpen, true)
  await turn()
}

interface Ours {
  readonly breaker: EndpointBreaker
  readonly forMs: number[]
  readonly restored: () => number
  readonly pass: (ms: number) => void
  readonly faults: (count: number) => void
}

/** After `bare`, which has mocked the timers. */
export function ours(t: TestContext, random = (): number => 0): Ours {
  let nowMs = 0
  let restored = 0
  const forMs: number[] = []
  const breaker = new EndpointBreaker(
    {
      consecutiveFaults: 5,
      minSuccessRate: 0.8,
      windowMs: 10_000,
      baseMs: 1_000,
      maxMs: 60_000,
      maxEjected: 0.5,
    },
    {
      clock: { nowMs: () => nowMs, wallMs: () => 0 },
      random,
      mayEject: () => true,
      onEjected: (_why, ms) => void forMs.push(ms),
      onHalfOpen: () => undefined,
      onRestored: () => {
        restored += 1
      },
    },
    5_000,
  )
  t.after(() => breaker.close())
  return {
    breaker,
    forMs,
    restored: () => restored,
    pass: ms => {
      nowMs += ms
      t.mock.timers.tick(ms)
    },
    faults: count => {
      for (let at = 0; at < count; at += 1) breaker.settle(breaker.begin(), 'fault', nowMs)
    },
  }
}

export function oursHalfOpen(t: TestContext): Ours {
  const scene = ours(t)
  scene.faults(5)
  scene.pass(1_000)
  assert.equal(scene.breaker.state, 'half_open')
  return scene
}
