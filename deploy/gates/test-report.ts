// What a person reads of a test run. The last line is the counts, alone, in one fixed form.
import { formatDuration } from '#foundation/duration.ts'
import type { TestLine } from './event-lines.ts'
import type { FileResult } from './test-file.ts'

type Kind = TestLine['kind']

function linesOf<K extends Kind>(
  results: readonly FileResult[],
  kind: K,
): readonly Extract<TestLine, { readonly kind: K }>[] {
  return results
    .flatMap(({ lines }) => lines)
    .filter((line): line is Extract<TestLine, { readonly kind: K }> => line.kind === kind)
}

/** One line where all went well; with notes, each failure and the file's output where not. */
export function fileReport(result: FileResult): string {
  const failed = linesOf([result], 'failed')
  const ran = linesOf([result], 'passed').length
  const word = failed.length > 0 ? 'FAIL' : ran === 0 ? 'skip' : 'ok  '
  const head = `${word} ${formatDuration(result.ms).padStart(6)} ${String(ran).padStart(4)}  ${result.file}`
  const notes = linesOf([result], 'note').map(({ text }) => `       note: ${text}`)
  if (failed.length === 0) return [head, ...notes].join('\n')
  return [
    head,
    ...notes,
    ...failed.map(({ name, error }) => `\n  FAILED ${name}\n${indent(error)}`),
    ...(result.output.trim() === '' ? [] : [`\n  output of the file:\n${indent(result.output)}`]),
    `\n  alone: node --test ${result.file}\n`,
  ].join('\n')
}

/** Each skip with its reason, what failed, and the counts. */
export function finalReport(results: readonly FileResult[]): string {
  const skipped = results.flatMap(({ file, lines }) =>
    lines.flatMap(line =>
      line.kind === 'skipped' ? [`skipped: ${line.reason} (${file}: ${line.name})`] : [],
    ),
  )
  const failed = results.flatMap(({ file, lines }) =>
    lines.flatMap(line => (line.kind === 'failed' ? [`failed: ${file}: ${line.name}`] : [])),
  )
  const passed = linesOf(results, 'passed').length
  const nothing = passed + failed.length === 0 ? ['failed: no test ran'] : []
  const counts = `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`
  return [...skipped, ...failed, ...nothing, counts].join('\n')
}

/** Where every real part is brought, a test that was skipped for want of one has failed. */
export function refuseMissingParts(result: FileResult): FileResult {
  const lines = result.lines.map(line =>
    line.kind === 'skipped' && line.reason.startsWith('needs ')
      ? ({ kind: 'failed', name: line.name, error: `was skipped: ${line.reason}` } as const)
      : line,
  )
  return { ...result, lines }
}

export function exitCodeOf(results: readonly FileResult[]): number {
  const ran = linesOf(results, 'passed').length
  return ran === 0 || linesOf(results, 'failed').length > 0 ? 1 : 0
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ')
}
