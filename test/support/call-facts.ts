// Facts of one call as the stages before would have established them.
import type {
  Arrived,
  Decoded,
  Limited,
  Located,
  Message,
  Recorded,
  Resolved,
} from '#router/facts.ts'
import { clusterPolicy, tableOf } from './cluster-policy.ts'
import { arrivedAs } from './fake-caller.ts'
import { fakeDeadline } from './fake-deadline.ts'

export const messageAs = (differences: Partial<Message> = {}): Message => ({
  kind: 'request',
  method: 'tools/call',
  idJson: '1',
  params: { name: 'crm__find' },
  meta: {},
  body: Buffer.alloc(0),
  spans: {},
  ...differences,
})

export const decodedAs = (differences: Partial<Decoded> = {}): Decoded => ({
  era: 'modern',
  version: '2026-07-28',
  message: messageAs(),
  list: 'call',
  passedHeaders: [],
  paramHeaders: [],
  ...differences,
})

export type CallFacts = Arrived & Recorded & Decoded & Located & Resolved & Limited

export function callAs(differences: Partial<CallFacts> = {}): CallFacts {
  const crm = clusterPolicy('crm')
  const server = tableOf('v1', crm).virtualServers['default']
  if (server === undefined) throw new Error('the table has a default server')
  return {
    ...arrivedAs(),
    ...decodedAs(),
    trail: { attempts: 0 },
    server,
    criticality: server.criticality,
    cluster: crm,
    ownName: 'find',
    isReplayable: false,
    mirroredHeaders: [],
    deadline: fakeDeadline().deadline,
    ...differences,
  }
}
