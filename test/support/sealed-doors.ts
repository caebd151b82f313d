// Everything that a router gives out sealed, and takes back: how one is made, and whether it is let in.
import assert from 'node:assert/strict'
import { createSealer, SEAL_KEY_BYTES } from '#foundation/seal.ts'
import { MergedLists, openCursor } from '#router/catalog/merged-list.ts'
import { openTask, outwardOf } from '#router/outward.ts'
import { roundsOf } from '#router/rounds.ts'
import type { Sessions } from '#router/sessions.ts'
import type { VirtualServerPolicy } from '#routes/route-table.ts'
import { type CallFacts, callAs, messageAs } from './call-facts.ts'
import { messageOf } from './read-message.ts'

export interface Door {
  readonly name: string
  readonly make: () => string
  readonly opens: (token: string) => boolean
}

const sealer = createSealer(Buffer.alloc(SEAL_KEY_BYTES, 7))
const members = [
  { cluster: 'crm', prefix: 'crm' },
  { cluster: 'search', prefix: 'web' },
] as const
const serverAs = (name: string): VirtualServerPolicy => ({
  name,
  naming: 'prefix',
  criticality: 'critical',
  members,
})

function cursors(server: VirtualServerPolicy, method: string): Door {
  const call: CallFacts = callAs({ server, message: messageAs({ method, params: {} }) })
  const lists = new MergedLists({ sealer, client: {} })
  const rest = [{ cluster: 'crm', cursor: 'c', pages: 1 }]
  return {
    name: `a cursor of ${method} of ${server.name}`,
    make: () => {
      const how = { mayBePublic: () => false }
      const { nextCursor } = lists.join(call, { parts: [], rest, unavailable: [] }, how)
      return nextCursor ?? assert.fail('no cursor')
    },
    opens: token => openCursor(sealer, call, token) !== undefined,
  }
}

const KNOWS_TASKS = {
  'io.modelcontextprotocol/clientCapabilities': {
    extensions: { 'io.modelcontextprotocol/tasks': {} },
  },
}

function tasks(server: VirtualServerPolicy): Door {
  const call = callAs({ server, message: messageAs({ meta: KNOWS_TASKS }) })
  const outward = outwardOf(sealer, call, { member: members[0], own: 'find' })
  return {
    name: `a task of ${server.name}`,
    make: () => outward?.taskId?.('task-1', '10.0.0.1:80') ?? assert.fail('no task ids'),
    opens: token => openTask(sealer, server, token) !== undefined,
  }
}

function states(server: VirtualServerPolicy, n: number): Door {
  const rounds = (more: object) => {
    const params = { name: 'find', arguments: { n }, ...more }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const call = callAs({ server, message: messageOf(body) })
    return roundsOf({ sealer, wallMs: () => 0 }, call, { member: members[0], own: 'find' })
  }
  return {
    name: `a state of a call with ${n} of ${server.name}`,
    make: () => {
      const begun = rounds({})
      assert.ok(begun !== undefined && 'seal' in begun)
      return begun.seal('its own')
    },
    opens: token => {
      const taken = rounds({ requestState: token })
      return taken !== undefined && 'seal' in taken
    },
  }
}

/** A session is one whatever server it is asked at; which one it is of stands in it. */
export const sessionDoor = (sessions: Sessions, token: string): Door => ({
  name: 'a session',
  make: () => token,
  opens: one => sessions.open(one, '127.0.0.1') !== undefined,
})

export const DOORS: readonly Door[] = [serverAs('default'), serverAs('other')].flatMap(server => [
  cursors(server, 'tools/list'),
  cursors(server, 'prompts/list'),
  tasks(server),
  states(server, 1),
  states(server, 2),
])
