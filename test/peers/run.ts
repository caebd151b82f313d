// `npm run test:peers`: each client with each tool server of the field, directly and through a router. The two sessions must not
// differ. A client that the server itself does not let in is told, and no pair. Ends with 1 when any pair differs.
import { routerBefore } from '#test/conformance/router-before.ts'
import { differences } from './differences.ts'
import { playInspector } from './inspector.ts'
import { PEER_SERVERS, type Script } from './servers.ts'
import { PEER_CLIENTS, playSession, type Steps } from './session.ts'

type Play = (url: string, script: Script) => Promise<Steps>

const PLAYS: readonly (readonly [label: string, play: Play])[] = [
  ...Object.entries(PEER_CLIENTS).map(
    ([label, connect]) =>
      [label, (url: string, script: Script) => playSession(connect, url, script)] as const,
  ),
  ...(['legacy', 'modern'] as const).map(
    era => [`the Inspector, ${era}`, playInspector(era)] as const,
  ),
]

const asError = (error: unknown): Error => error as Error

let missed = 0
let met = 0
for (const { name, start, script } of PEER_SERVERS) {
  const peer = await start()
  const router = await routerBefore(peer.url)
  for (const [label, play] of PLAYS) {
    const pair = `${label} with ${name}`
    const direct = await play(peer.url, script).catch(asError)
    if (direct instanceof Error) {
      console.log(`  none  ${pair}: the server itself does not let it in`)
      continue
    }
    const through = await play(router.url, script).catch(asError)
    const found = through instanceof Error ? [through.message] : differences(direct, through)
    if (found.length === 0) met += 1
    else missed += 1
    console.log(`  ${found.length === 0 ? 'ok  ' : 'MISS'}  ${pair}: ${direct.length} steps`)
    for (const line of found) console.log(`          ${line}`)
  }
  await router.close()
  await peer.close()
}
console.log(`${met} of ${met + missed} pairs are the same through a router`)
process.exitCode = met > 0 && missed === 0 ? 0 : 1
