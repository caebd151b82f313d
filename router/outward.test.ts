// How callers of several clusters name what answers speak of: by prefix, and task ids sealed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSealer } from '#foundation/seal.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import type { Owned } from '#routes/wire-names.ts'
import { callAs, messageAs } from '#test/support/call-facts.ts'
import type { OutwardOf } from './facts.ts'
import { openTask, outwardOf } from './outward.ts'

const sealer = createSealer(Buffer.alloc(32, 7))
const members = [
  { cluster: 'crm', prefix: 'crm' },
  { cluster: 'search', prefix: 'web' },
] as const
const JOINED: VirtualServerPolicy = {
  name: 'default',
  naming: 'prefix',
  criticality: 'critical',
  members,
}
const PLAIN: VirtualServerPolicy = {
  ...JOINED,
  naming: 'plain',
  members: members.map(({ cluster }) => ({ cluster })),
}
const ALONE: VirtualServerPolicy = { ...PLAIN, members: PLAIN.members.slice(0, 1) }

const KNOWS_TASKS = {
  'io.modelcontextprotocol/clientCapabilities': {
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  },
}

interface Scene {
  readonly server?: VirtualServerPolicy
  readonly message?: Parameters<typeof messageAs>[0]
  readonly era?: 'modern' | 'legacy'
  readonly own?: string
}

function outward({
  server = JOINED,
  message = {},
  era = 'modern',
  own = 'find',
}: Scene): OutwardOf | undefined {
  const owned: Owned = { member: server.members[0] ?? assert.fail(), own }
  return outwardOf(sealer, callAs({ server, era, message: messageAs(message) }), owned)
}

test('a server of one cluster and plain names has nothing to translate but the ids of tasks', () => {
  assert.equal(outward({ server: ALONE }), undefined)
  assert.deepEqual(Object.keys(outward({ server: ALONE, message: { meta: KNOWS_TASKS } }) ?? {}), [
    'taskId',
  ])
})

test('URIs bear the prefix of their cluster, and none where names are plain', () => {
  assert.equal(outward({})?.uri?.('file:///a'), 'crm+file:///a')
  assert.equal(outward({})?.taskId, undefined)
  assert.equal(outward({ server: PLAIN }), undefined)
})

test('a task that a tool begins is known to its cluster alone, by an id that only this server opens', () => {
  for (const server of [JOINED, PLAIN, ALONE]) {
    const told = outward({ server, message: { meta: KNOWS_TASKS } })
    const id = told?.taskId?.('t1', '10.0.0.1:80') ?? assert.fail()
    const known = { member: server.members[0], own: 't1', holder: '10.0.0.1:80' }
    assert.deepEqual(openTask(sealer, server, id), known)
    assert.equal(openTask(sealer, { ...server, name: 'other' }, id), undefined)
    assert.equal(openTask(sealer, server, `${id}A`), undefined)
    assert.equal(openTask(sealer, server, 't1'), undefined)
    assert.equal(openTask(sealer, { ...server, members: server.members.slice(1) }, id), undefined)
  }
})

test('a task that was asked for keeps the id that it was asked for by', () => {
  const told = outward({ message: { method: 'tasks/get', params: { taskId: 'wire' } }, own: 't1' })
  assert.equal(told?.taskId?.('t1', 'r'), 'wire')
  assert.notEqual(told.taskId('t2', 'r'), 'wire')
})

test('whoever does not know tasks is told of none', () => {
  assert.equal(outward({ era: 'legacy', message: { meta: KNOWS_TASKS } })?.taskId, undefined)
  const method = 'resources/read'
  assert.equal(
    outward({ message: { method, params: { uri: 'a' }, meta: KNOWS_TASKS } })?.taskId,
    undefined,
  )
})
