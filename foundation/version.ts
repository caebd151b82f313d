// The version of this program, from the package that it is.
import { readFileSync } from 'node:fs'

export const RINGMAIN_VERSION: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
).version
