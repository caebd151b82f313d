// The small values that policy documents are made of. Every bound and every default stands here or in a kind's own file,
// nowhere else. Keywords that begin with `x-` are ours: they say more than JSON Schema can, and are left out for editors.
import { Type } from 'typebox'
import { DURATION_PATTERN } from '#foundation/duration.ts'

/** What a name looks like; the same rule everywhere, so that a name can stand in a path, a label and a tool's name. */
const NAME_PATTERN = '^[a-z][a-z0-9-]{0,62}$'

interface Described {
  readonly description: string
}

interface Defaulted<Value> extends Described {
  readonly default?: Value
}

/** Text of one line; `expects` is what a message says when the pattern does not fit. */
interface TextRule extends Defaulted<string> {
  readonly pattern?: string
  readonly most?: number
  readonly expects: string
}

export function text({ most = 256, expects, ...rest }: TextRule) {
  return Type.String({ minLength: 1, maxLength: most, 'x-expects': expects, ...rest })
}

export function name(description: string) {
  return text({
    pattern: NAME_PATTERN,
    expects: 'lower-case letters, digits and "-", starting with a letter, at most 63',
    description,
  })
}

interface DurationRule extends Defaulted<string> {
  readonly least: string
  readonly most: string
}

export function duration({ least, most, ...rest }: DurationRule) {
  return Type.String({
    pattern: DURATION_PATTERN,
    'x-duration': { least, most },
    'x-expects': `a duration from ${least} to ${most}, such as 250ms, 3s, 5m or 1h`,
    ...rest,
  })
}

interface CountRule extends Defaulted<number> {
  readonly least: number
  readonly most: number
}

export function count({ least, most, ...rest }: CountRule) {
  return Type.Integer({
    minimum: least,
    maximum: most,
    'x-expects': `a whole number from ${least} to ${most}`,
    ...rest,
  })
}

/** A share between 0 and 1, written as a decimal. */
export function share(rest: Defaulted<number>) {
  return Type.Number({
    minimum: 0,
    maximum: 1,
    'x-expects': 'a number from 0 to 1, such as 0.8',
    ...rest,
  })
}

/** A share written in percent, `0%` to `100%`. */
export function percentage(rest: Defaulted<string>) {
  return Type.String({
    pattern: '^(100|[1-9]?[0-9])%$',
    'x-expects': 'a whole percentage from 0% to 100%, such as 50%',
    ...rest,
  })
}

export function httpUrl(description: string) {
  return Type.String({
    maxLength: 2_048,
    'x-http-url': true,
    'x-expects': 'an http or https URL, such as http://127.0.0.1:9000/mcp',
    description,
  })
}

/** A path on a replica. `//` at its start would name another host, and a query would be lost where paths are joined. */
export function urlPath(rest: Defaulted<string>) {
  return text({
    pattern: "^/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$",
    most: 1_024,
    expects: 'a path that starts with one "/" and has no space, "?" or "#"',
    ...rest,
  })
}
