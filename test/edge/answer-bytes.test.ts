// What a replica sends, changed at random: the verdict is the same however the bytes are split, and what is accepted is read as another
// parser reads it, so that nobody can hide an answer from the one and show it to the other.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Client } from 'undici'
import { type Dice, diceOf, seedOfCase } from '#test/support/fuzz/dice.ts'
import { byteChanges } from '#test/support/fuzz/mutate-bytes.ts'
import { runOf } from '#test/support/properties.ts'
import { type ReadAnswer, read } from '#test/support/read-answer.ts'

const CASES = 5_000
/** Of the accepted ones; each costs a connection. */
const MOST_COMPARED = 300

const of = (head: string, body: string): string => `${head.replaceAll('\n', '\r\n')}\r\n\r\n${body}`
const SEEDS: readonly string[] = [
  of('HTTP/1.1 200 OK\ncontent-type: application/json\nContent-Length: 11', '{"a": true}'),
  of(
    'HTTP/1.1 200 OK\nConnection: keep-alive\nKeep-Alive: timeout=5, max=9\ncontent-length: 0',
    '',
  ),
  of(
    'HTTP/1.1 200 OK\ntransfer-encoding: chunked',
    '3\r\nabc\r\n1f\r\n0123456789012345678901234567890\r\n0\r\n\r\n',
  ),
  of(
    'HTTP/1.1 200 OK\ntransfer-encoding: chunked',
    '1;a=b;c="d"\r\nx\r\n00\r\nx-trailer: y\r\n\r\n',
  ),
  of('HTTP/1.1 404 Not Found\nx: y\nx: z', 'until the end'),
  of('HTTP/1.0 200 OK\ncontent-length: 3', 'old'),
  of('HTTP/1.1 204 No Content\ndate: now', ''),
  of(
    'HTTP/1.1 103 Early Hints\nlink: </a>',
    of('HTTP/1.1 503 Busy\nretry-after: 1\ncontent-length: 2', 'no'),
  ),
]

const LINES = [
  'content-length: 3',
  'Content-Length:11',
  'transfer-encoding: chunked',
  'Transfer-Encoding:\tchunked ',
  'transfer-encoding: identity',
  'connection: close',
  'content-length : 3',
  ' folded',
  'x:',
]

/** A line more, a line of another head, or bytes that know nothing of what they change. */
function changed(dice: Dice): string {
  let bytes = dice.pick(SEEDS)
  for (let left = dice.below(3); left > 0; left -= 1) {
    if (dice.isLucky(0.3)) bytes = bytes.replace('\r\n', `\r\n${dice.pick(LINES)}\r\n`)
    else bytes = dice.pick(byteChanges)(Buffer.from(bytes, 'latin1'), dice).toString('latin1')
  }
  return bytes
}

/** How many pieces the body came in says nothing, and a problem may show in other words. */
const verdict = (told: ReadAnswer) =>
  told.problem === undefined ? { ...told, pieces: undefined } : 'refused'

function splitAnywhere(bytes: string, dice: Dice): readonly string[] {
  const pieces: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + dice.below(dice.isLucky(0.5) ? 3 : 40)
    pieces.push(bytes.slice(at, at + size))
    at += size
  }
  return pieces
}

const isWholeAndAlone = ({ isWhole, rest }: ReadAnswer): boolean => isWhole && rest === ''

test(`${CASES} changed answers: one verdict, however they are split, and undici reads what is accepted alike`, async t => {
  const { seed } = runOf(t)
  const accepted = new Map<string, ReadAnswer>(SEEDS.map(bytes => [bytes, read([bytes], true)]))
  let refused = 0
  for (let index = 0; index < CASES; index += 1) {
    const dice = diceOf(seedOfCase(seed, index))
    const bytes = changed(dice)
    const whole = read([bytes], true)
    for (const pieces of [bytes.split(''), splitAnywhere(bytes, dice)])
      assert.deepEqual(verdict(read(pieces, true)), verdict(whole), JSON.stringify(bytes))
    if (isWholeAndAlone(whole)) accepted.set(bytes, whole)
    else refused += 1
  }
  const compared = [...accepted].slice(0, MOST_COMPARED)
  await compare(t, compared)
  t.diagnostic(`${CASES} answers: ${refused} refused or cut, ${compared.length} read by both`)
  assert.ok(refused > 1_000 && compared.length === MOST_COMPARED, `${refused}, ${compared.length}`)
})

async function compare(
  t: TestContext,
  cases: readonly (readonly [bytes: string, ours: ReadAnswer])[],
): Promise<void> {
  const server = createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.once('data', request => {
      const index = Number(/^GET \/(\d+) /.exec(request.toString())?.[1])
      socket.end(cases[index]?.[0] ?? '', 'latin1')
    })
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  for (const [index, [bytes, ours]] of cases.entries()) {
    const client = new Client(`http://127.0.0.1:${port}`)
    try {
      const { statusCode, headers, body } = await client.request({
        method: 'GET',
        path: `/${index}`,
      })
      const text = Buffer.from(await body.arrayBuffer()).toString('latin1')
      const theirs = { status: statusCode, body: text, fields: sortedFields(headers) }
      assert.deepEqual({ status: ours.status, body: ours.body, fields: byName(ours) }, theirs)
    } catch (error) {
      if (error instanceof assert.AssertionError) error.message += `\n${JSON.stringify(bytes)}`
      else assert.fail(`undici refuses ${JSON.stringify(bytes)}: ${(error as Error).message}`)
      throw error
    } finally {
      await client.destroy()
    }
  }
}

type Named = Readonly<Record<string, string>>

const sortedFields = (headers: Readonly<Record<string, string | string[] | undefined>>): Named =>
  Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name, [value].flat().map(trimmedEnd).join('\n')] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  )

/** The other parser leaves blanks where they stand at the end. */
const trimmedEnd = (value: string | undefined): string => (value ?? '').replace(/[ \t]+$/, '')

function byName({ fields }: ReadAnswer): Named {
  const lists: Record<string, string[]> = {}
  for (let at = 0; at < fields.length; at += 2)
    (lists[fields[at] as string] ??= []).push(fields[at + 1] as string)
  return sortedFields(lists)
}
