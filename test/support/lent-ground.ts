// Calls without a session at a replica that keeps them, over connections that the test plays.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { ActiveTable } from '#router/active-table.ts'
import type { Endpoint, Learned } from '#router/clusters/endpoint.ts'
import type { AfterHead } from '#router/facts.ts'
import { openAttempts } from '#router/open-attempts.ts'
import type { SessionPool } from '#router/session-pool.ts'
import type { Chosen, Dispatched, Target } from '#router/stages/forward.ts'
import { attemptPorts } from '#test/support/attempt-ports.ts'
import { type CallFacts, callAs } from '#test/support/call-facts.ts'
import { clusterPolicy, tableOf } from '#test/support/cluster-policy.ts'
import { type FakeSend, fakeSend, type SentRequest } from '#test/support/fake-send.ts'
import { freeTurn } from '#test/support/free-retries.ts'
import { settle } from '#test/support/manual-time.ts'
import { MODERN, playedClusters, serveAt } from '#test/support/open-cluster.ts'
import { messageFrom } from '#test/support/read-message.ts'

const SESSIONFUL: Learned = { ...MODERN, eras: ['legacy'], isSessionful: true }
export const WHOLE: AfterHead = { ended: 'whole' }

export interface LentGround {
  readonly requests: FakeSend
  readonly pool: SessionPool
  readonly replicas: readonly Endpoint[]
  readonly choose: (call?: CallFacts) => Chosen | Promise<Chosen>
  /** Chosen and sent; a session is opened under this id where one is needed. */
  readonly send: (id: string, call?: CallFacts) => Promise<Exchanged>
  readonly count: (method: string) => number
}

export interface Exchanged {
  readonly dispatched: Dispatched
  readonly request: SentRequest
}

export function lentGround(t: TestContext, shareSessions = true, ports = [1]): LentGround {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const clusters = playedClusters()
  const table = tableOf('v1', clusterPolicy('crm', { shareSessions }))
  const active = new ActiveTable(table, clusters.open)
  const replicas = serveAt(active, clusters, { cluster: 'crm', ports, learned: SESSIONFUL })
  const requests = fakeSend()
  const { attempts, pool } = openAttempts(attemptPorts(active, requests), () => () => undefined)
  const choose: LentGround['choose'] = (one = callWith()) =>
    attempts.choose(one, { tried: new Set(), turn: freeTurn() })
  return {
    requests,
    pool,
    replicas,
    choose,
    send: async (opened, one) => {
      const choosing = choose(one)
      await settle()
      await openAs(requests, opened)
      const dispatched = targetIn(await choosing).send(false)
      return { dispatched, request: requests.last('tools/call') }
    },
    count: method => requests.methods().filter(one => one === method).length,
  }
}

/** The handshake that is under way, if one is. */
export async function openAs({ sent }: FakeSend, id: string): Promise<void> {
  const last = sent.findLast(({ method }) => method === 'initialize')
  if (last?.overs.length !== 0) return
  await last.result({ protocolVersion: '2025-11-25' }, { 'mcp-session-id': id })
  await sent.findLast(({ method }) => method === 'notifications/initialized')?.status(202)
}

export function targetIn(choice: Chosen): Target {
  assert.ok(choice.kind === 'target', JSON.stringify(choice))
  return choice.target
}

export function callWith(differences: Partial<CallFacts> = {}, meta = ''): CallFacts {
  const params = `{"name":"crm__find"${meta}}`
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`
  const read = messageFrom(body)
  assert.ok(read.kind === 'ok')
  return callAs({ message: read.value, ...differences })
}

export async function answered({ dispatched, request }: Exchanged, after = WHOLE): Promise<void> {
  await request.result({ content: [] })
  dispatched.ended(after)
  await settle()
}
