// `npm run test:conformance`: the official suite against the fixture itself, through a router, and through it from one era to the
// other, a client through a router to the suite, and the tasks extension. Words choose: `-- direct`, `-- through --upstream=legacy`,
// `-- client --requirements=2026-07-28`, `-- tasks`; `--verbose` prints what the suite prints. Ends with 1 when anything was not met.
import { parseArgs } from 'node:util'
import { type ClientRun, clientRun } from './client-run.ts'
import { isBridged, type ServerRun, serverRun, type Upstream } from './server-run.ts'
import { REVISIONS, type Revision, type Scenario } from './suite.ts'
import { counted, scenarioTable } from './table.ts'
import { tasksRun } from './tasks-run.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    requirements: { type: 'string' },
    upstream: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})

const WAYS = ['direct', 'through'] as const
const SIDES = ['server', 'client', 'tasks'] as const
const UPSTREAMS: readonly Upstream[] = ['dual', 'modern', 'legacy']

const unknown = [
  ...positionals.filter(word => ![...WAYS, ...SIDES].some(known => known === word)),
  ...[values.requirements].filter(
    word => word !== undefined && !REVISIONS.includes(word as Revision),
  ),
  ...[values.upstream].filter(word => word !== undefined && !UPSTREAMS.includes(word as Upstream)),
]
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; there are ${[...WAYS, ...SIDES].join(', ')}, `)
  console.error(`--requirements=${REVISIONS.join('|')} and --upstream=${UPSTREAMS.join('|')}`)
  process.exit(64)
}

/** All of a kind, unless some of it were named. */
const chosen = <Word extends string>(
  all: readonly Word[],
  named: readonly (string | undefined)[],
) => {
  const some = all.filter(word => named.includes(word))
  return some.length === 0 ? all : some
}

const ways = chosen(WAYS, positionals)
const sides = chosen(SIDES, positionals)
const revisions = chosen(REVISIONS, [values.requirements])
const upstreams = chosen(UPSTREAMS, [values.upstream])

const serverRuns: readonly ServerRun[] = ways.flatMap(way =>
  upstreams.flatMap(upstream => revisions.map(revision => ({ way, upstream, revision }))),
)
const clientRuns: readonly ClientRun[] = ways.flatMap(way =>
  revisions.map(revision => ({ way, revision })),
)

const verdicts: { readonly name: string; readonly isMet: boolean; readonly counts: string }[] = []

function tell(
  name: string,
  result: {
    readonly isMet: boolean
    readonly scenarios: readonly Scenario[]
    readonly output: string
  },
): void {
  const counts = counted(result.scenarios)
  if (values.verbose) console.log(result.output)
  console.log(`\n${name}: ${counts}\n${scenarioTable(result.scenarios)}`)
  verdicts.push({ name, counts, isMet: result.isMet })
}

if (sides.includes('server'))
  for (const run of serverRuns) {
    if (run.way === 'direct' && isBridged(run)) continue // without a router they do not understand each other
    const { code, scenarios, output } = await serverRun(run)
    const isMet = code === 0 && scenarios.length > 0
    tell(`${run.revision} ${run.way} to a ${run.upstream} server`, { isMet, scenarios, output })
  }
if (sides.includes('client') && values.upstream === undefined)
  for (const run of clientRuns)
    tell(`${run.revision} ${run.way} from a client`, await clientRun(run))
if (sides.includes('tasks') && revisions.includes('2026-07-28') && upstreams.includes('modern'))
  for (const way of ways) tell(`tasks of 2026-07-28 ${way}`, await tasksRun(way))

console.log('')
for (const { name, isMet, counts } of verdicts)
  console.log(`${isMet ? 'met   ' : 'MISSED'}  ${name}: ${counts}`)
process.exitCode = verdicts.length > 0 && verdicts.every(({ isMet }) => isMet) ? 0 : 1
