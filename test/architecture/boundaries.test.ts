// Rooms and doors: the tree keeps to them, and each rule is shown a violation that it must name.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundaryFindings } from './boundaries.ts'
import { importsOf } from './imports.ts'
import { ROOMS } from './rooms.ts'
import { readSource } from './source.ts'
import { filesMatching, readTree } from './tree.ts'

const tree = readTree()

test('every import in the tree goes through a door', () => {
  const imports = tree.flatMap(importsOf)
  assert.ok(imports.length > 100, `only ${imports.length} imports were seen`)
  assert.deepEqual(boundaryFindings(tree), [])
})

test('every room named as a door exists in the table', () => {
  const names = new Set(ROOMS.map(({ name }) => name))
  const doors = ROOMS.flatMap(({ imports }) => imports).filter(door => !names.has(door))
  assert.deepEqual(
    doors.filter(door => filesMatching(door).length === 0),
    [],
  )
})

const PLANTED: readonly (readonly [why: string, path: string, text: string, finding: RegExp])[] = [
  [
    'a plane reaching into the other',
    'router/x.ts',
    "import '#control-plane/cli/a.ts'",
    /no door to control-plane/,
  ],
  [
    'the command line reaching into the router',
    'control-plane/cli/x.ts',
    "import { a } from '#router/admin/views.ts'",
    /no door to router\/admin/,
  ],
  [
    'a type import',
    'router/stages/x.ts',
    "import type { A } from '#router/clusters/cluster.ts'",
    /no door to router\/clusters/,
  ],
  [
    'a re-export',
    'foundation/x.ts',
    "export { a } from '#routes/route-table.ts'",
    /no door to routes/,
  ],
  [
    'an import over several lines',
    'router/eras/x.ts',
    "import {\n  a,\n  b,\n} from '#router/upstream/send.ts'",
    /router\/eras\/x\.ts:1 .*no door to router\/upstream/,
  ],
  [
    'the composition root from below',
    'router/stages/x.ts',
    "import { a } from '../router.ts'",
    /no door to router$/,
  ],
  [
    'routes taking more of the foundation than it may',
    'routes/x.ts',
    "import { a } from '#foundation/log.ts'",
    /no door to foundation/,
  ],
  [
    'a package without a door',
    'router/stages/x.ts',
    "import { request } from 'undici'",
    /no door to the package undici/,
  ],
  [
    'an SDK on the data path',
    'router/eras/x.ts',
    "import { a } from '@modelcontextprotocol/sdk/types.js'",
    /no door to the package @modelcontextprotocol\/sdk/,
  ],
  [
    'a file read in a pure room',
    'routes/x.ts',
    "import { readFileSync } from 'node:fs'",
    /routes is pure/,
  ],
  [
    'import() outside the command line',
    'router/x.ts',
    "const a = await import('./facts.ts')",
    /import\(\) hides/,
  ],
  [
    'import() of what is computed',
    'control-plane/cli/x.ts',
    'const a = await import(name)',
    /is not written here/,
  ],
  [
    'a path up two folders',
    'router/clusters/discovery/x.ts',
    "import { a } from '../../facts.ts'",
    /up two folders/,
  ],
  [
    'a relative path into another folder',
    'routes/x.ts',
    "import { a } from '../foundation/duration.ts'",
    /relative path out of the folder/,
  ],
  [
    'the demo using our own code',
    'examples/x.ts',
    "import { a } from '#foundation/clock.ts'",
    /no door to foundation/,
  ],
  [
    'a test that opens a door its room lacks',
    'routes/x.test.ts',
    "import { a } from '#router/facts.ts'",
    /no door to router/,
  ],
  ['a file in no room', 'elsewhere/x.ts', '', /is in no room/],
]

for (const [why, path, text, finding] of PLANTED)
  test(`is found: ${why}`, () => {
    const findings = boundaryFindings([readSource(path, text)])
    assert.equal(findings.length, 1, findings.join('\n'))
    assert.match(findings[0] ?? '', finding)
  })

test('what has a door is not a finding', () => {
  const allowed = [
    readSource(
      'routes/a.ts',
      "import { a } from '#foundation/duration.ts'\nimport { b } from 'yaml'",
    ),
    readSource('router/x.test.ts', "import { a } from '#test/support/manual-time.ts'"),
    readSource(
      'router/upstream/a.ts',
      "// import { a } from 'fastify'\nconst text = \"import 'fastify'\"",
    ),
    readSource('test/integration/a.test.ts', "import { a } from '#router/eras/codec.ts'"),
    readSource('control-plane/cli/a.ts', "const { a } = await import('./b.ts')"),
  ]
  assert.deepEqual(boundaryFindings(allowed), [])
})
