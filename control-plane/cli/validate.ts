// `ringmain validate FILES…`: compiles policy documents without a router and reports everything wrong at once.
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { type Compiled, compileDocuments } from '#routes/compile/compile-documents.ts'
import { formatProblem, type Problem } from '#routes/compile/problems.ts'
import type { PolicyFile } from '#routes/compile/read-documents.ts'
import { EXIT, Failure, reasonOf } from './failure.ts'
import type { OutputForm, Terminal } from './terminal.ts'

/** What the router reads of a folder: a file that it passes over must not be praised here. */
const DOCUMENT = /^[^.].*\.ya?ml$/i

export async function runValidate(
  paths: readonly string[],
  options: { readonly output: OutputForm },
  terminal: Terminal,
): Promise<number> {
  const files: PolicyFile[] = []
  for (const path of paths) files.push(...(await mustReadPath(path)))
  if (files.length === 0) {
    throw new Failure(EXIT.invalid, {
      code: 'no_documents',
      what: 'there is no document to validate',
      where: paths.join(', '),
      why: 'no file there ends in .yaml or .yml',
      next: 'npx ringmain validate DIR',
    })
  }
  const compiled = compileDocuments(files)
  const code = 'table' in compiled ? EXIT.done : EXIT.invalid
  if (options.output === 'json') {
    terminal.print(JSON.stringify(asEnvelope(compiled, files)))
    return code
  }
  const problems = problemsOf(compiled)
  for (const problem of problems) terminal.print(formatProblem(problem))
  terminal.say(summary(compiled, files.length, terminal))
  return code
}

const problemsOf = (compiled: Compiled): readonly Problem[] =>
  'table' in compiled ? compiled.warnings : compiled.problems

function asEnvelope(compiled: Compiled, files: readonly PolicyFile[]): object {
  const isValid = 'table' in compiled
  return {
    apiVersion: 'ringmain/v1',
    kind: 'ProblemList',
    items: problemsOf(compiled),
    meta: {
      isValid,
      files: files.length,
      ...(isValid ? { tableVersion: compiled.table.version } : {}),
    },
  }
}

function summary(compiled: Compiled, fileCount: number, { paint }: Terminal): string {
  const problems = problemsOf(compiled)
  const warnings = problems.filter(({ severity }) => severity === 'warning').length
  const warned = warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`
  if (!('table' in compiled)) {
    const errors = counted(problems.length - warnings, 'error')
    return `${paint('red', 'invalid')}: ${errors}${warned} in ${counted(fileCount, 'file')}; nothing of this would be served`
  }
  const { clusters, virtualServers, version } = compiled.table
  const content = `${counted(Object.keys(clusters).length, 'cluster')} and ${counted(Object.keys(virtualServers).length, 'virtual server')}`
  return `${paint('green', 'ok')}: ${content} in ${counted(fileCount, 'file')}${warned}; table ${version.slice(0, 12)}`
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Bytes that are no UTF-8 are an error and not a replacement character: that could change a name and still compile. */
async function readDocument(file: string): Promise<PolicyFile> {
  return { file, text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)) }
}

async function mustReadPath(path: string): Promise<readonly PolicyFile[]> {
  if (path === '-') return [{ file: '-', text: await readAll(process.stdin) }]
  try {
    if (!(await stat(path)).isDirectory()) return [await readDocument(path)]
    const entries = await readdir(path, { withFileTypes: true })
    const files = entries.filter(entry => DOCUMENT.test(entry.name) && !entry.isDirectory())
    const names = files.map(({ name }) => name).sort()
    return await Promise.all(names.map(name => readDocument(join(path, name))))
  } catch (error) {
    throw new Failure(
      (error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
        ? EXIT.invalid
        : EXIT.usage,
      {
        code: 'unreadable',
        what: 'a document cannot be read',
        where: path,
        why: reasonOf(error),
        next: 'npx ringmain validate FILE… (a folder, or - for stdin)',
      },
      error,
    )
  }
}
