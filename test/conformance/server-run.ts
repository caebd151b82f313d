// One run of the suite as a client: against the everything server itself, or through a router before it.
import { join } from 'node:path'
import { type EverythingKind, startEverything } from '#test/support/everything/start.ts'
import { routerBefore } from './router-before.ts'
import { type Revision, runSuite, type SuiteRun } from './suite.ts'

export type Upstream = Exclude<EverythingKind, 'stateless'>

export interface ServerRun {
  readonly way: 'direct' | 'through'
  readonly upstream: Upstream
  readonly revision: Revision
}

/** Which eras have to be bridged for a run, and what of it cannot be. */
const NOT_BRIDGED: Readonly<Partial<Record<`${Revision} ${Upstream}`, string>>> = {
  '2026-07-28 legacy': 'modern-to-legacy.yaml',
  '2025-11-25 modern': 'legacy-to-modern.yaml',
}

export const isBridged = ({ upstream, revision }: ServerRun): boolean =>
  NOT_BRIDGED[`${revision} ${upstream}`] !== undefined

export async function serverRun(run: ServerRun): Promise<SuiteRun> {
  await using server = closing(await startEverything(run.upstream))
  if (run.way === 'direct') return await runSuite(wordsFor(server.it.url, run))
  await using router = closing(await routerBefore(server.it.url))
  return await runSuite(wordsFor(router.it.url, run))
}

function wordsFor(url: string, { way, revision, upstream }: ServerRun): readonly string[] {
  const list = way === 'through' ? NOT_BRIDGED[`${revision} ${upstream}`] : undefined
  const expected =
    list === undefined
      ? []
      : ['--expected-failures', join(import.meta.dirname, 'not-bridged', list)]
  return ['server', '--url', url, '--requirements', revision, ...expected]
}

function closing<T extends { readonly close: () => Promise<void> }>(
  it: T,
): AsyncDisposable & { readonly it: T } {
  return { it, [Symbol.asyncDispose]: () => it.close() }
}
