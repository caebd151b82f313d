// A registry file is found from the folder of the documents, not from wherever the router was started.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileDocuments } from '#routes/compile/compile-documents.ts'
import { replaceRegistryPaths } from './registry-paths.ts'

function tableOf(file: string) {
  const text = `apiVersion: ringmain.dev/v1
kind: Cluster
metadata: { name: demo }
spec: { discovery: { registry: { file: ${file}, service: mcp-demo } } }
---
apiVersion: ringmain.dev/v1
kind: Cluster
metadata: { name: other }
spec: { discovery: { consul: { service: mcp } } }
`
  const compiled = compileDocuments([{ file: 'a.yaml', text }])
  assert.ok('table' in compiled)
  return compiled.table
}

const fileOf = (table: ReturnType<typeof tableOf>) => {
  const discovery = table.clusters['demo']?.discovery
  return discovery?.kind === 'registry' ? discovery.file : undefined
}

test('a relative path is taken from the folder, an absolute one as it is', () => {
  const near = replaceRegistryPaths(tableOf('../state/registry.yaml'), '/srv/policies')
  assert.equal(fileOf(near), '/srv/state/registry.yaml')
  const far = replaceRegistryPaths(tableOf('/var/registry.yaml'), '/srv/policies')
  assert.equal(fileOf(far), '/var/registry.yaml')
})

test('version, other clusters, frozenness and the missing prototype stay', () => {
  const table = tableOf('registry.yaml')
  const replaced = replaceRegistryPaths(table, '/srv/policies')
  assert.equal(replaced.version, table.version)
  assert.equal(replaced.clusters['other'], table.clusters['other'])
  assert.equal(replaced.clusters['constructor'], undefined)
  assert.ok(Object.isFrozen(replaced) && Object.isFrozen(replaced.clusters['demo']?.discovery))
  assert.equal(fileOf(table), 'registry.yaml', 'the table given must not change')
})

test('a file of certificate authorities is found from the folder as well, whatever the source of replicas', () => {
  const text = `apiVersion: ringmain.dev/v1
kind: Cluster
metadata: { name: safe }
spec: { discovery: { consul: { service: mcp } }, tls: { ca: keys/ca.pem, serverName: a.b } }
`
  const compiled = compileDocuments([{ file: 'a.yaml', text }])
  assert.ok('table' in compiled)
  const { clusters } = replaceRegistryPaths(compiled.table, '/srv/policies')
  assert.deepEqual(clusters['safe']?.tls, { ca: '/srv/policies/keys/ca.pem', serverName: 'a.b' })
})
