// The header by which a caller says that its call is worth less than its virtual server gives it.
import type { IncomingHttpHeaders } from 'node:http'
import type { Refusal } from '#router/pipeline/stage.ts'
import { CRITICALITIES, type Criticality, criticalityNamed } from '#routes/criticality.ts'
import { HEADER } from './versions.ts'

/** A word that is not known is refused: taken for none, it would make calls critical that somebody meant to give up first. */
export function askedCriticality(headers: IncomingHttpHeaders): Criticality | Refusal | undefined {
  const word = headers[HEADER.criticality]
  if (word === undefined) return undefined
  const asked = criticalityNamed(String(word))
  if (asked !== undefined) return asked
  const says = `${HEADER.criticality} must be one of ${CRITICALITIES.join(', ')}.`
  return { code: 'RINGMAIN_INVALID_HEADER', says }
}
