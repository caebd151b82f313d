// Packages: exact versions, a lockfile that agrees and names no registry, and every package with a door.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOMS } from './rooms.ts'
import { root } from './tree.ts'

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const manifest = JSON.parse(read('package.json')) as Manifest
const lock = read('package-lock.json')

/** Packages that are started and never imported. */
const STARTED: ReadonlySet<string> = new Set(['node'])

function loosePins({ dependencies, devDependencies }: Manifest): readonly string[] {
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    .map(([name, version]) => `${name} asks for ${version}`)
}

/** Links for funding are the only addresses a lockfile may hold. */
function registryTraces(text: string): readonly string[] {
  return text
    .split('\n')
    .filter(line => /"resolved":|https?:\/\//.test(line) && !/^\s*"url": /.test(line))
    .filter(line => !/^\s*"funding": "/.test(line))
    .map(line => line.trim())
}

function disagreements(asked: Manifest, text: string): readonly string[] {
  const locked = (JSON.parse(text) as { readonly packages: Readonly<Record<string, Manifest>> })
    .packages['']
  return (['dependencies', 'devDependencies'] as const).filter(
    kind => JSON.stringify(locked?.[kind]) !== JSON.stringify(asked[kind]),
  )
}

function withoutDoor({ dependencies }: Manifest): readonly string[] {
  const doors = ROOMS.flatMap(({ packages }) => packages).filter(door => door !== '*')
  return Object.keys(dependencies).filter(
    name =>
      !STARTED.has(name) &&
      !doors.some(
        door => door === name || (door.endsWith('/*') && name.startsWith(door.slice(0, -1))),
      ),
  )
}

const planted = (dependencies: Readonly<Record<string, string>>): Manifest => ({
  dependencies,
  devDependencies: {},
})

test('every version is exact', () => {
  assert.ok(Object.keys(manifest.dependencies).length > 5)
  assert.deepEqual(loosePins(manifest), [])
  for (const version of ['^1.2.3', '1.x', 'latest', '>=1.0.0', '1.2'])
    assert.equal(loosePins(planted({ a: version })).length, 1, version)
})

test('the lockfile names no registry', () => {
  assert.deepEqual(registryTraces(lock), [])
  assert.equal(registryTraces('  "resolved": "https://example.org/a.tgz",').length, 1)
  assert.equal(registryTraces('  "tarball": "https://example.org/a.tgz",').length, 1)
  assert.deepEqual(registryTraces('  "url": "https://example.org/sponsors"'), [])
  assert.match(read('.npmrc'), /^omit-lockfile-registry-resolved=true$/m)
})

test('the lockfile was made from this package.json', () => {
  assert.deepEqual(disagreements(manifest, lock), [])
  assert.deepEqual(disagreements(planted({ a: '1.0.0' }), lock), [
    'dependencies',
    'devDependencies',
  ])
})

test('every package has a door', () => {
  assert.deepEqual(withoutDoor(manifest), [])
  assert.deepEqual(withoutDoor(planted({ 'left-pad': '1.0.0' })), ['left-pad'])
})
