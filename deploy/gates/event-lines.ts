// A reporter for node:test that writes one JSON line per finished test; run-tests.ts reads them.
// A failure is written as text here, since an error does not survive the way between processes.
import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

export type TestLine =
  | { readonly kind: 'passed'; readonly name: string }
  | { readonly kind: 'failed'; readonly name: string; readonly error: string }
  | { readonly kind: 'skipped'; readonly name: string; readonly reason: string }
  | { readonly kind: 'note'; readonly text: string }

/** Counts that node:test adds to its diagnostics; ours are made from the lines. */
const OWN_SUMMARY = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/

export default async function* eventLines(
  source: AsyncIterable<TestEvent>,
): AsyncGenerator<string> {
  const path: string[] = []
  for await (const event of source) {
    if (event.type === 'test:start') path.splice(event.data.nesting, Infinity, event.data.name)
    const line = lineOf(event, path)
    if (line !== undefined) yield `${JSON.stringify(line)}\n`
  }
}

function lineOf(event: TestEvent, path: readonly string[]): TestLine | undefined {
  if (event.type === 'test:diagnostic')
    return OWN_SUMMARY.test(event.data.message)
      ? undefined
      : { kind: 'note', text: event.data.message }
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return undefined
  const name = [...path.slice(0, event.data.nesting), event.data.name].join(' > ')
  if (event.type === 'test:fail') {
    const error: Error & { readonly failureType?: string } = event.data.details.error
    // A suite fails because a test in it did, which has its own line.
    if (event.data.details.type === 'suite' && error.failureType === 'subtestsFailed')
      return undefined
    return { kind: 'failed', name, error: inspect(error.cause ?? error, { depth: 6 }) }
  }
  if (event.data.details.type === 'suite' && event.data.skip === undefined) return undefined
  const left = event.data.skip ?? (event.data.todo === undefined ? undefined : 'not written yet')
  if (left === undefined) return { kind: 'passed', name }
  return {
    kind: 'skipped',
    name,
    reason: typeof left === 'string' && left !== '' ? left : 'no reason given',
  }
}
