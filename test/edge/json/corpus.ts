// JSON texts by what is right or wrong with them, each with our verdict. What RFC 8259 leaves to whoever reads is decided here.
import type { JsonCase } from './case.ts'
import { malformed } from './malformed.ts'
import { refused } from './refused.ts'
import { taken } from './taken.ts'

export type { JsonCase, JsonVerdict } from './case.ts'

export const corpus = (): readonly JsonCase[] => [...taken(), ...malformed(), ...refused()]
