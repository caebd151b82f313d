// Tells the person at the terminal what the router makes of an edited document, since its own log goes to a file.
import { setTimeout as pause } from 'node:timers/promises'
import type { RouterView } from '#foundation/admin-views.ts'
import { adminClient } from './admin-client.ts'
import type { Running } from './dev-start.ts'

const LOOK_EVERY_MS = 1_000

type Table = RouterView['table']

/** Follows the table until the mesh ends. */
export async function tellOfTables(
  admin: string,
  running: Pick<Running, 'isEnding'>,
  say: (text: string) => void,
): Promise<void> {
  let before: Table | undefined
  while (!running.isEnding) {
    const table = await tableAt(admin)
    if (table !== undefined && !running.isEnding) {
      for (const line of newsOf(before, table)) say(line)
      before = table
    }
    await pause(LOOK_EVERY_MS, undefined, { ref: false })
  }
}

async function tableAt(admin: string): Promise<Table | undefined> {
  try {
    return (await adminClient(admin).get<RouterView>('/debug/router')).table
  } catch {
    return undefined // The router is busy or gone; whoever waits for its end says so.
  }
}

export function newsOf(before: Table | undefined, table: Table): readonly string[] {
  if (before === undefined) return []
  if (table.problem !== undefined && table.problem !== before.problem) {
    return ['policies cannot be used; the table before them stays:', ...indented(table.problem)]
  }
  if (table.version !== before.version) {
    return [`policies changed: table ${table.version.slice(0, 12)} is in force`]
  }
  return before.problem !== undefined && table.problem === undefined
    ? ['policies are right again']
    : []
}

const indented = (text: string): readonly string[] => text.split('\n').map(line => `  ${line}`)
