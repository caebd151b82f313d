// Where an answer goes: what goes on as it came passes in pieces; what changes on its way does so message by message.
import type { Carry, Relay } from '#router/facts.ts'
import { CarriedOutput } from './bridge/carried-output.ts'
import { asEvent, messageIn } from './event-data.ts'
import { HeldOutput, type Revision } from './held-output.ts'
import { firstValue, isObjectAt } from './json-spans.ts'
import { SIGNS_OF_STATE, withSealedState } from './sealed-state.ts'
import { withdrawnByName } from './withdrawn.ts'

export function outputTo(
  { carry, asking, rounds, reshape }: Relay,
  write: (piece: Buffer) => void,
): HeldOutput | CarriedOutput {
  if (carry !== undefined) return new CarriedOutput(reshapedCarry(carry, reshape), write)
  const revisions: Revision[] = []
  if (rounds !== undefined)
    revisions.push({ of: whole => withSealedState(whole, rounds), signs: SIGNS_OF_STATE })
  else if (asking?.kind === 'named')
    revisions.push({ of: event => withdrawnByName(event, asking.name), signs: [] })
  if (reshape !== undefined) revisions.push(inMessage(reshape))
  const [first, ...others] = revisions
  return new HeldOutput(write, first && others.reduce(together, first))
}

const together = (one: Revision, other: Revision): Revision => ({
  of: whole => other.of(one.of(whole)),
  signs: [...one.signs, ...other.signs],
})

/** Of a body, or of one event of a stream; what is not changed stays as it came. */
const inMessage = ({ of, signs }: Required<Relay>['reshape']): Revision => ({
  signs,
  of: whole => {
    if (isObjectAt(whole, firstValue(whole))) return of(whole)
    const json = messageIn(whole)
    if (json === undefined) return whole
    const changed = of(json)
    return changed === json ? whole : asEvent(changed)
  },
})

const reshapedCarry =
  (carry: Carry, reshape: Relay['reshape']): Carry =>
  json => {
    const carried = carry(json)
    return reshape !== undefined && carried.kind === 'on'
      ? { kind: 'on', json: reshape.of(carried.json) }
      : carried
  }
