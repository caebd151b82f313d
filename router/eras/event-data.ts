// One event of a stream as the relay writes it, and the message that it holds.

const DATA = 'data:'
const EVENT = Buffer.from('event: message\ndata: ')
const EVENT_END = Buffer.from('\n\n')

/** The message in it, if there is one. */
export function messageIn(event: Buffer): Buffer | undefined {
  const data = eventData(event)
  return data?.length === 0 ? undefined : data
}

/** Undefined where it holds none, as a comment does; empty where nothing stands in it. */
export function eventData(event: Buffer): Buffer | undefined {
  if (!event.includes(DATA)) return undefined
  const lines = event
    .toString()
    .split('\n')
    .filter(line => line.startsWith(DATA))
    .map(line => line.slice(DATA.length).replace(/^ /, ''))
  return lines.length === 0 ? undefined : Buffer.from(lines.join('\n').trim())
}

export const asEvent = (json: Buffer): Buffer => Buffer.concat([EVENT, inLines(json), EVENT_END])

/** A line end within the data is white space of its JSON; to a reader of events each of them ends the line. */
const inLines = (json: Buffer): Buffer =>
  json.includes(LF) || json.includes(CR)
    ? Buffer.from(json.toString().replace(/[\r\n]/g, ' '))
    : json

const LF = 0x0a
const CR = 0x0d
