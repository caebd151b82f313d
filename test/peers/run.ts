// `npm run test:peers`: each client with each tool server of the field, directly and through a router. The two sessions must not
// differ. A client that the server itself does not let in is told, and no pair. Words choose: `-- npm` takes the peers of one kind,
// `--server=memory` and `--caller=Python` those whose names hold a word. Ends with 1 when any pair differs, or when there is none.
import { parseArgs } from 'node:util'
import { routerBefore } from '#test/conformance/router-before.ts'
import { differences } from './differences.ts'
import { INSPECTORS } from './inspector.ts'
import { MCPORTER } from './mcporter.ts'
import { NPM_SERVERS, type PeerServer } from './npm-servers.ts'
import { GO_CALLERS, PYTHON_CALLERS } from './other-sdks.ts'
import { GO_SERVERS, PYTHON_SERVERS } from './other-servers.ts'
import { broughtPart, PARTS, PartMissing, type PartName } from './parts.ts'
import type { Caller } from './script.ts'
import { SDK_CALLERS } from './session.ts'
import { playViews } from './views.ts'

const SERVERS: Readonly<Record<PartName, readonly PeerServer[]>> = {
  npm: NPM_SERVERS,
  python: PYTHON_SERVERS,
  go: GO_SERVERS,
}
const CALLERS: Readonly<Record<PartName, readonly Caller[]>> = {
  npm: [...SDK_CALLERS, ...INSPECTORS, MCPORTER],
  python: PYTHON_CALLERS,
  go: GO_CALLERS,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: 'string', default: '' },
    caller: { type: 'string', default: '' },
  },
})
const strange = positionals.filter(word => !PARTS.some(part => part === word))
if (strange.length > 0) {
  console.error(`unknown: ${strange.join(', ')}; there are ${PARTS.join(', ')}`)
  process.exit(64)
}

process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const parts = PARTS.filter(part => positionals.length === 0 || positionals.includes(part))
let [met, missed, skipped] = [0, 0, 0]

/** Skipped aloud, and in CI a failure unless it is the registry that does not give it. */
function isThere(part: PartName): boolean {
  try {
    broughtPart(part)
    return true
  } catch (error) {
    if (!(error instanceof PartMissing)) throw error
    const count = SERVERS[part].length + CALLERS[part].length
    skipped += count
    console.log(`  SKIP  ${count} peers of ${part}: ${error.message}`)
    if (process.env['RINGMAIN_REQUIRE_REAL'] === '1' && !error.isRefused) missed += 1
    return false
  }
}

const asError = (error: unknown): Error => error as Error

async function pair(caller: Caller, server: PeerServer, ways: { direct: string; through: string }) {
  const name = `${caller.name} with ${server.name}`
  const direct = await caller.play(ways.direct, server.script).catch(asError)
  if (direct instanceof Error) {
    console.log(`  none  ${name}: the server itself does not let it in`)
    return
  }
  const through = await caller.play(ways.through, server.script).catch(asError)
  const found = through instanceof Error ? [through.message] : differences(direct, through, caller)
  if (found.length === 0) met += 1
  else missed += 1
  console.log(`  ${found.length === 0 ? 'ok  ' : 'MISS'}  ${name}: ${direct.length} steps`)
  for (const line of found) console.log(`          ${line}`)
}

const there = parts.filter(isThere)
const callers = there.flatMap(part => CALLERS[part]).filter(it => it.name.includes(values.caller))
const servers = there.flatMap(part => SERVERS[part]).filter(it => it.name.includes(values.server))
for (const server of servers) {
  const peer = await server.start()
  const router = await routerBefore(peer.url)
  for (const caller of callers.filter(it => it.isCostly !== true || server.isForAll === true))
    await pair(caller, server, { direct: peer.url, through: router.url })
  await router.close()
  await peer.close()
}
if (there.includes('npm') && values.server === '' && values.caller === '') {
  const { found, views } = await playViews()
  const isSame = found.length === 0 && views > 0
  if (isSame) met += 1
  else missed += 1
  console.log(`  ${isSame ? 'ok  ' : 'MISS'}  views of two servers that are joined: ${views} read`)
  for (const line of found) console.log(`          ${line}`)
}
const peers = skipped === 0 ? '' : `; ${skipped} peers were skipped`
console.log(`${met} of ${met + missed} pairs are the same through a router${peers}`)
process.exitCode = met > 0 && missed === 0 ? 0 : 1
