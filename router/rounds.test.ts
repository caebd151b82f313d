// States of servers between two rounds: what opens again, and everything that does not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '#foundation/clock.ts'
import { createSealer } from '#foundation/seal.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { type CallFacts, callAs } from '#test/support/call-facts.ts'
import { messageOf } from '#test/support/read-message.ts'
import type { ParkedCall, Rounds } from './facts.ts'
import type { Refusal } from './pipeline/stage.ts'
import { roundsOf } from './rounds.ts'

const SEALER = createSealer(Buffer.alloc(32, 7))
const SERVER: VirtualServerPolicy = {
  name: 'default',
  naming: 'plain',
  criticality: 'critical',
  members: [{ cluster: 'crm' }],
}

interface Scene {
  readonly params?: Readonly<Record<string, unknown>>
  readonly method?: string
  readonly server?: VirtualServerPolicy
  readonly cluster?: string
  readonly wallMs?: number
  readonly sealer?: typeof SEALER
  readonly era?: CallFacts['era']
}

const CALL = { name: 'find', arguments: { n: 1 } }

function rounds(scene: Scene): Rounds | Refusal | undefined {
  const { params = CALL, method = 'tools/call', server = SERVER, cluster = 'crm' } = scene
  const { era = 'modern', sealer = SEALER, wallMs = 0 } = scene
  const message = messageOf(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
  const owned = { member: { cluster }, own: 'find' }
  return roundsOf({ sealer, wallMs: () => wallMs }, callAs({ era, server, message }), owned)
}

function sealed(own = 'its own', scene: Scene = {}): string {
  const first = rounds(scene)
  assert.ok(first !== undefined && 'seal' in first)
  return first.seal(own)
}

/** The state that its server would get; the code of a refusal. */
function opened(requestState: unknown, scene: Scene = {}): string | undefined {
  const params = { ...(scene.params ?? CALL), requestState, inputResponses: {} }
  const later = rounds({ ...scene, params })
  assert.ok(later !== undefined)
  return 'code' in later ? later.code : later.ownState
}

test('any router with the key opens what was sealed for the call, for ten minutes', () => {
  for (const own of ['its own', '', 'é"\u0000', 'x'.repeat(100_000)])
    assert.equal(opened(sealed(own), { sealer: createSealer(Buffer.alloc(32, 7)) }), own)
  assert.equal(opened(sealed(), { params: { arguments: { n: 1 }, name: 'find' } }), 'its own')
  assert.equal(opened(sealed(), { wallMs: 600_000 }), 'its own')
  assert.equal(opened(sealed(), { wallMs: 600_001 }), 'RINGMAIN_STATE_REFUSED')
})

test('what was sealed for another call, server, cluster, method or by another key opens nothing', () => {
  const scenes: readonly Scene[] = [
    { params: { name: 'find', arguments: { n: 2 } } },
    { params: { name: 'other', arguments: { n: 1 } } },
    { method: 'prompts/get' },
    { server: { ...SERVER, name: 'another' } },
    { cluster: 'web' },
    { sealer: createSealer(Buffer.alloc(32, 8)) },
  ]
  for (const scene of scenes) {
    assert.equal(opened(sealed(), scene), 'RINGMAIN_STATE_REFUSED', JSON.stringify(scene))
    assert.equal(opened(sealed('its own', scene)), 'RINGMAIN_STATE_REFUSED')
  }
  const foreign = SEALER.seal('session', [1e15, 'x'])
  for (const none of [foreign, 'its own', '', 7, null, {}, [sealed()]])
    assert.equal(opened(none), 'RINGMAIN_STATE_REFUSED')
})

test('of ten thousand states that were tampered with none opens', t => {
  const seed = 20_260_728
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_='
  let [tried, accepted] = [0, 0]
  const state = sealed()
  while (tried < 10_000) {
    const at = Math.floor(random() * state.length)
    const letter = letters[Math.floor(random() * letters.length)] ?? ''
    const other = state.slice(0, at) + letter + state.slice(at + (random() < 0.8 ? 1 : 2))
    if (other === state) continue
    tried += 1
    if (opened(other) !== 'RINGMAIN_STATE_REFUSED') accepted += 1
  }
  assert.equal(accepted, 0)
})

test('where a call waits is sealed like a state, and comes back whole', () => {
  const parked: ParkedCall = {
    endpoint: '127.0.0.1:1',
    sessionId: 's',
    version: '2025-11-25',
    idJson: '1',
    asked: [['q1', 'roots/list', '0']],
    endsMs: 1_200_000,
    lastEventId: 'e',
  }
  const first = rounds({})
  assert.ok(first !== undefined && 'park' in first)
  const params = { ...CALL, requestState: first.park(parked) }
  const later = rounds({ params })
  assert.ok(later !== undefined && 'park' in later)
  assert.deepEqual([later.parked, later.ownState], [parked, undefined])
  assert.equal(opened(first.park(parked), { cluster: 'web' }), 'RINGMAIN_STATE_REFUSED')
})

test('a call that waits has twenty minutes for all of its rounds, and ten for each', () => {
  const parked = { endpoint: 'e', sessionId: 's', version: '2025-11-25', idJson: '1', asked: [] }
  const MINUTE = 60_000
  const at = (minute: number, state: string): Rounds | string => {
    const params = { ...CALL, requestState: state, inputResponses: {} }
    const later = rounds({ params, wallMs: minute * MINUTE })
    assert.ok(later !== undefined)
    return 'code' in later ? later.code : later
  }
  const first = rounds({})
  assert.ok(first !== undefined && 'park' in first)
  assert.equal(first.waitsMs(), 20 * MINUTE)
  const begun = first.park(parked)
  assert.equal(at(10.1, begun), 'RINGMAIN_STATE_REFUSED')
  const second = at(9, begun)
  assert.ok(typeof second !== 'string')
  assert.equal(second.waitsMs(), 11 * MINUTE)
  const third = at(18, second.park(parked))
  assert.ok(typeof third !== 'string')
  const last = third.park(parked)
  assert.equal(third.parked?.endsMs, 20 * MINUTE)
  assert.ok(typeof at(20, last) !== 'string')
  assert.equal(at(20.1, last), 'RINGMAIN_STATE_REFUSED')
})

test('a first round has nothing to open, and where there are no rounds nothing is sealed', () => {
  const first = rounds({})
  assert.ok(first !== undefined && 'seal' in first && first.ownState === undefined)
  assert.equal(rounds({ era: 'legacy' }), undefined)
  assert.equal(rounds({ method: 'completion/complete', params: {} }), undefined)
})
