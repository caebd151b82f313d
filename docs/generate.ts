// Writes every generated file, or with `--check` names those that are not current. Each is made from the code it describes,
// so that a page cannot promise what the code does not do.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCliPage } from '#control-plane/cli/reference.ts'
import { makeEditorSchema } from '#routes/schema/editor-schema.ts'
import { makePolicyReference } from '#routes/schema/reference-page.ts'
import { makeRefusalsPage } from './generators/refusals-page.ts'
import { makeSettingsPage } from './generators/settings-page.ts'

interface Generated {
  /** From the root of the repository. */
  readonly file: string
  readonly make: () => string
}

export const generated: readonly Generated[] = [
  { file: 'routes/route-policy.schema.json', make: makeEditorSchema },
  { file: 'docs/reference/policies.md', make: makePolicyReference },
  { file: 'docs/reference/settings.md', make: makeSettingsPage },
  { file: 'docs/reference/refusals.md', make: makeRefusalsPage },
  { file: 'docs/reference/cli.md', make: makeCliPage },
]

const root = join(import.meta.dirname, '..')

export function staleFiles(): string[] {
  return generated.filter(({ file, make }) => current(file) !== make()).map(({ file }) => file)
}

function current(file: string): string | undefined {
  try {
    return readFileSync(join(root, file), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

if (import.meta.main) {
  const stale = staleFiles()
  if (process.argv.includes('--check')) {
    for (const file of stale) console.error(`${file} is not current; run: npm run gen`)
    process.exitCode = stale.length === 0 ? 0 : 1
  } else {
    for (const { file, make } of generated)
      if (stale.includes(file)) writeFileSync(join(root, file), make())
    console.log(
      stale.length === 0 ? 'all generated files are current' : `wrote ${stale.join(', ')}`,
    )
  }
}
