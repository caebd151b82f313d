// One document against the schema of its kind: defaults filled in, then every breach of the schema as a sentence.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { Value } from 'typebox/value'
import { parseDuration } from '#foundation/duration.ts'
import { isAddressRule } from '#routes/address-range.ts'
import { KINDS, type Kind } from '#routes/schema/kinds.ts'
import { type Breach, breaches } from './breaches.ts'
import { httpUrlRefusal } from './http-url.ts'
import type { Path } from './problems.ts'
import type { Written } from './rules.ts'

export interface Checked {
  /** With every default filled in; to be trusted only where no breach stands. */
  readonly value: unknown
  readonly breaches: readonly Breach[]
  readonly isWritten: Written
}

const checks: Readonly<Record<Kind, ValidateFunction>> = compileChecks()

export function checkSchema(kind: Kind, raw: unknown): Checked {
  const value: unknown = Value.Default(KINDS[kind], structuredClone(raw)) // it writes into what it is given
  const check = checks[kind]
  return {
    value,
    breaches: check(value) ? [] : breaches(value, check.errors ?? []),
    isWritten: path => isIn(raw, path),
  }
}

function isIn(raw: unknown, path: Path): boolean {
  let at = raw
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return false
    at = (at as Readonly<Record<string, unknown>>)[step]
  }
  return true
}

function compileChecks(): Record<Kind, ValidateFunction> {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    ownProperties: true,
    strictTypes: false,
  })
  ajv.addKeyword('x-expects')
  ajv.addKeyword({
    keyword: 'x-duration',
    type: 'string',
    errors: false,
    validate: (range: { readonly least: string; readonly most: string }, text: string) => {
      const ms = parseDuration(text)
      // What is no duration at all is the pattern's to report.
      return ms === undefined || isWithin(ms, range)
    },
  })
  ajv.addKeyword({
    keyword: 'x-http-url',
    type: 'string',
    errors: false,
    validate: (_: true, text: string) => httpUrlRefusal(text) === undefined,
  })
  ajv.addKeyword({
    keyword: 'x-address-rule',
    type: 'string',
    errors: false,
    validate: (_: true, text: string) => isAddressRule(text),
  })
  return {
    Cluster: ajv.compile(KINDS.Cluster),
    VirtualServer: ajv.compile(KINDS.VirtualServer),
    Tool: ajv.compile(KINDS.Tool),
    Assistant: ajv.compile(KINDS.Assistant),
  }
}

function isWithin(ms: number, range: { readonly least: string; readonly most: string }): boolean {
  const [least = 0, most = 0] = [parseDuration(range.least), parseDuration(range.most)]
  return least <= ms && ms <= most
}
