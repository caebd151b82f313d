// What the records of a name mean, told by a name server made of answers.
import assert from 'node:assert/strict'
import type { SrvRecord } from 'node:dns'
import { test } from 'node:test'
import { type NameServer, readName } from './dns-answer.ts'

/** A string is the error code that the lookup fails with. */
interface Records {
  readonly a?: Readonly<Record<string, string[] | string>>
  readonly aaaa?: Readonly<Record<string, string[] | string>>
  readonly srv?: SrvRecord[] | string
}

function serverOf({ a = {}, aaaa = {}, srv = 'ENOTFOUND' }: Records): NameServer {
  const answer = async <T>(found: T[] | string): Promise<T[]> => {
    if (typeof found === 'string') throw Object.assign(new Error(found), { code: found })
    return found
  }
  return {
    resolve4: name => answer(a[name] ?? 'ENOTFOUND'),
    resolve6: name => answer(aaaa[name] ?? 'ENODATA'),
    resolveSrv: () => answer(srv),
    cancel() {},
  }
}
const record = (name: string, more: Partial<SrvRecord> = {}): SrvRecord => ({
  name,
  port: 9_000,
  priority: 1,
  weight: 1,
  ...more,
})
const srv = (records: Records) => readName(serverOf(records), { name: 's', type: 'SRV' })

test('addresses take the port of the document', async () => {
  const four = await readName(serverOf({ a: { h: ['10.0.0.1', '10.0.0.2', '10.0.0.1'] } }), {
    name: 'h',
    type: 'A',
    port: 80,
  })
  assert.deepEqual(
    four.instances.map(({ key }) => key),
    ['10.0.0.1:80', '10.0.0.2:80'],
  )
  const six = await readName(serverOf({ aaaa: { h: ['::1'] } }), {
    name: 'h',
    type: 'AAAA',
    port: 80,
  })
  assert.deepEqual(
    six.instances.map(({ key, host }) => [key, host]),
    [['[::1]:80', '::1']],
  )
})

test('no such name and no such record are an empty answer; a server that fails is none', async () => {
  for (const code of ['ENOTFOUND', 'ENODATA'])
    for (const asked of [
      { name: 'h', type: 'A', port: 80 } as const,
      { name: 'h', type: 'SRV' } as const,
    ])
      assert.deepEqual(
        (await readName(serverOf({ a: { h: code }, srv: code }), asked)).instances,
        [],
      )
  for (const code of ['ESERVFAIL', 'ETIMEOUT', 'ECONNREFUSED', 'EREFUSED', 'ECANCELLED'])
    for (const asked of [
      { name: 'h', type: 'A', port: 80 } as const,
      { name: 'h', type: 'SRV' } as const,
    ])
      await assert.rejects(readName(serverOf({ a: { h: code }, srv: code }), asked), { code })
})

test('only records of the lowest priority count, each with its own port and weight', async () => {
  const { instances } = await srv({
    srv: [
      record('x', { priority: 2 }),
      record('y', { weight: 10 }),
      record('z', { port: 9_001, weight: 0 }),
    ],
    a: { x: ['10.0.0.1'], y: ['10.0.0.2'], z: ['10.0.0.3'] },
  })
  assert.deepEqual(
    instances.map(({ key, weight }) => [key, weight]),
    [
      ['10.0.0.2:9000', 10],
      ['10.0.0.3:9001', 1],
    ],
  )
})

test('weights beyond the range keep their ratio', async () => {
  const { instances } = await srv({
    srv: [record('x', { weight: 60_000 }), record('y', { weight: 30_000 })],
    a: { x: ['10.0.0.1'], y: ['10.0.0.2'] },
  })
  assert.deepEqual(
    instances.map(({ weight }) => weight),
    [1_000, 500],
  )
})

test('a target without an IPv4 address is asked for its IPv6 one', async () => {
  const { instances } = await srv({
    srv: [record('x')],
    a: { x: 'ENODATA' },
    aaaa: { x: ['fd00::1'] },
  })
  assert.equal(instances[0]?.key, '[fd00::1]:9000')
})

test('a target without any address is left out and noted; if none has one, that is no answer', async () => {
  const { instances, notes } = await srv({
    srv: [record('x'), record('gone')],
    a: { x: ['10.0.0.1'] },
  })
  assert.deepEqual([instances.length, notes], [1, ['gone has no address and is left out']])
  await assert.rejects(srv({ srv: [record('gone')] }), /none of its 1 targets/)
})

test('a target whose lookup fails makes the whole answer doubtful', async () => {
  await assert.rejects(
    srv({ srv: [record('x'), record('y')], a: { x: ['10.0.0.1'], y: 'ESERVFAIL' } }),
    {
      code: 'ESERVFAIL',
    },
  )
})

test('a lone root target says that there is no such service', async () => {
  assert.deepEqual(await srv({ srv: [record('.', { port: 0 })] }), { instances: [], notes: [] })
})

test('more addresses than a router can use are left out, and that is told', async () => {
  const addresses = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => `10.${from}.${at >> 8}.${at & 255}`)
  const a = Object.fromEntries(
    Array.from({ length: 5 }, (_, from) => [`t${from}`, addresses(from, 5_000)]),
  )
  const answer = await srv({ a, srv: Object.keys(a).map(name => record(name)) })
  assert.equal(answer.instances.length, 20_000)
  assert.deepEqual(answer.notes, ['it has more than 20000 addresses; the first 20000 are used'])
  const one = { a: { h: [...addresses(0, 65_000)] } }
  const plain = await readName(serverOf(one), { name: 'h', type: 'A', port: 80 })
  assert.equal(plain.instances.length, 20_000)
})

test('more targets than may be asked after are left out, and that is told', async () => {
  const names = Array.from({ length: 501 }, (_, at) => `t${at}`)
  const a = Object.fromEntries(names.map((name, at) => [name, [`10.0.${at >> 8}.${at & 255}`]]))
  const answer = await srv({ a, srv: names.map(name => record(name)) })
  assert.equal(answer.instances.length, 500)
  assert.deepEqual(answer.notes, ['s has 501 records; the first 500 are used'])
})
