// The files between the mesh, its router and a second shell.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { compileDocuments } from '#routes/compile/compile-documents.ts'
import {
  mustBeAlone,
  preparePolicies,
  readRecord,
  registryFile,
  writeRecord,
  writeRegistry,
} from './dev-files.ts'
import { demoMesh } from './dev-mesh.ts'
import { Failure } from './failure.ts'
import { DEMO_FOLDER, ROOT } from './repository.ts'

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'ringmain-dev-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const replicas = demoMesh.map((plan, index) => ({ ...plan, port: 1_000 + index }))

const filesIn = (path: string) =>
  readdirSync(path).map(name => ({
    file: join(path, name),
    text: readFileSync(join(path, name), 'utf8'),
  }))

/** Registry service, or Consul service, of every cluster. */
function servicesOf(path: string): readonly string[] {
  const compiled = compileDocuments(filesIn(path))
  assert.ok('table' in compiled, JSON.stringify(compiled))
  return Object.values(compiled.table.clusters).map(({ discovery }) => {
    assert.ok(discovery.kind === 'registry' || discovery.kind === 'consul')
    return discovery.service
  })
}

test('both sets of documents compile, and ask for exactly the services that the mesh registers', () => {
  const registered = [...new Set(demoMesh.map(({ service }) => service))].sort()
  assert.deepEqual([...servicesOf(join(DEMO_FOLDER, 'policies'))].sort(), registered)
  assert.deepEqual([...servicesOf(join(DEMO_FOLDER, 'policies-consul'))].sort(), registered)
})

test('the usual state folder uses the documents as they stand, another one copies them beside its registry', t => {
  assert.equal(preparePolicies(join(ROOT, '.ringmain'), false), join(DEMO_FOLDER, 'policies'))
  const state = folder(t)
  const copies = preparePolicies(state, false)
  assert.equal(copies, join(state, 'policies'))
  const texts = filesIn(copies).map(({ text }) => text)
  assert.ok(texts.some(text => text.includes('file: ../registry.yaml')))
  assert.ok(texts.every(text => !text.includes('.ringmain/registry.yaml')))
  assert.ok('table' in compileDocuments(filesIn(copies)))
})

test('the registry names every replica under its service, and nothing unfinished is left', t => {
  const state = folder(t)
  writeRegistry(state, replicas)
  const text = readFileSync(registryFile(state), 'utf8')
  for (const { name, port } of replicas)
    assert.match(text, new RegExp(`id: ${name}\\n.*\\n +port: ${port}`))
  assert.deepEqual(readdirSync(state), ['registry.yaml'])
})

test('a record counts only while the process that wrote it runs', t => {
  const state = folder(t)
  assert.equal(readRecord(state), undefined)
  writeRecord(state, { pid: 2 ** 22 + 1, replicas })
  assert.equal(readRecord(state), undefined)
  mustBeAlone(state)
  writeFileSync(join(state, 'dev.json'), '{"pid":')
  assert.equal(readRecord(state), undefined)
})

test('a process id that somebody else has by now is not taken for a mesh', {
  skip: process.platform !== 'linux',
}, t => {
  const state = folder(t)
  writeRecord(state, { pid: process.pid, replicas })
  assert.equal(readRecord(state), undefined)
})

test('a second mesh in one folder is refused, and the refusal names the first', async t => {
  const state = folder(t)
  // A process that looks like the command, since only its command line is asked for.
  const other = spawn(
    process.execPath,
    ['-e', 'process.stdin.resume()', 'control-plane/cli/main.ts', 'dev', ''],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  )
  t.after(() => other.kill())
  await once(other, 'spawn')
  writeRecord(state, { pid: other.pid ?? 0, replicas })
  assert.throws(
    () => mustBeAlone(state),
    (error: unknown) =>
      error instanceof Failure && (error.parts.why ?? '').includes(String(other.pid)),
  )
})
