// Forked: a fake Consul and the one server that all of its entries point at, so that their work is not the router's. It is told
// how many replicas there are and how many of them to change, and answers when the catalogue says so.
import { startFakeConsul } from './fake-consul.ts'
import { manyReplicas } from './many-replicas.ts'
import { startScripted } from './scripted-server.ts'

export interface ManyAsked {
  readonly replicas: number
  /** The first so many of them say another version. */
  readonly changed: number
}

const SERVICE = 'many'
const consul = await startFakeConsul()
const server = await startScripted({ name: 'one' })

process.on('message', ({ replicas, changed }: ManyAsked) => {
  const entries = manyReplicas(replicas, server.port).map((entry, number) =>
    number < changed ? { ...entry, meta: { ...entry.meta, 'rm-app': '2.5.0' } } : entry,
  )
  consul.registerAll(SERVICE, entries)
  process.send?.('registered')
})
process.once('disconnect', () => process.exit(0))
process.send?.({ consul: consul.url, service: SERVICE })
