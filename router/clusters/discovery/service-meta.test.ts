// Which claims of a replica about itself are read, and what becomes of the others.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetaReader, readServiceMeta } from './service-meta.ts'

function read(meta: unknown) {
  const notes: string[] = []
  const { hints, isDraining } = readServiceMeta(meta, says => notes.push(says))
  return { ...hints, isDraining, notes }
}

test('eras, path, zone, limit and the drain mark are read', () => {
  const meta = {
    'rm-v': '1',
    'rm-eras': 'modern, legacy',
    'rm-path': '/mcp',
    'rm-zone': 'eu1-a',
    'rm-conc': '32',
    'rm-drain': '1',
  }
  assert.deepEqual(read(meta), {
    eras: ['legacy', 'modern'],
    path: '/mcp',
    zone: 'eu1-a',
    concurrency: 32,
    isDraining: true,
    notes: [],
  })
})

test('protocol revisions stand in where no eras are named', () => {
  assert.deepEqual(read({ 'rm-proto': '2025-11-25,2026-07-28' }).eras, ['legacy', 'modern'])
  assert.deepEqual(read({ 'rm-proto': '2025-03-26' }).eras, ['legacy'])
  assert.deepEqual(read({ 'rm-proto': '2026-07-28', 'rm-eras': 'legacy' }).eras, ['legacy'])
})

test('claims are kept in their own words for those who judge them; keys of other programs are passed over', () => {
  const meta = {
    version: '3',
    'rm-class-max': 'internal',
    'rm-cost': 'usd-micro:1200/call',
    'rm-att': 'x',
    'rm-tools-rev': 'y'.repeat(600),
    'rm-vendor': '',
  }
  assert.deepEqual(read(meta), {
    isDraining: false,
    notes: [],
    claims: {
      'class-max': 'internal',
      cost: 'usd-micro:1200/call',
      att: 'x',
      'tools-rev': 'y'.repeat(512),
    },
  })
})

test('an unknown or malformed key is ignored with a reason, and the rest is read', () => {
  const malformed: Readonly<Record<string, string>> = {
    'rm-eras': 'modern,future',
    'rm-proto': 'latest',
    'rm-path': 'mcp',
    'rm-zone': 'a b',
    'rm-conc': '0',
    'rm-drain': 'soon',
    'rm-v': '2',
    'rm-nonsense': '1',
  }
  for (const [key, value] of Object.entries(malformed)) {
    const { notes, ...rest } = read({
      [key]: value,
      ...(key === 'rm-zone' ? {} : { 'rm-zone': 'z' }),
    })
    assert.equal(notes.length, 1, key)
    assert.match(notes[0] ?? '', new RegExp(key))
    assert.deepEqual(rest, { isDraining: false, ...(key === 'rm-zone' ? {} : { zone: 'z' }) })
  }
})

test('a path that would lead elsewhere is not taken', () => {
  for (const path of [
    '//evil/mcp',
    '/mcp?x=1',
    '/mcp#x',
    '/\\evil',
    '/a b',
    'http://evil/',
    '/\r\nHost: x',
  ])
    assert.equal(read({ 'rm-path': path }).path, undefined, path)
})

test('meta that is no mapping, or holds no text, is read as none', () => {
  for (const meta of [undefined, null, 5, 'x', [], { 'rm-path': 5 }])
    assert.deepEqual(read(meta), { isDraining: false, notes: [] })
})

test('what two replicas say alike is read once and shared, and each is told what is wrong with it', () => {
  const read = createMetaReader()
  const notes: string[] = []
  const meta = () => ({ 'rm-eras': 'modern', 'rm-app': '1.2', 'rm-zone': 'no zone' })
  const [one, other] = [1, 2].map(() => read(meta(), says => void notes.push(says)))
  assert.equal(one, other)
  assert.deepEqual([one?.hints, notes.length], [{ eras: ['modern'], claims: { app: '1.2' } }, 2])
  const next = read({ ...meta(), 'rm-app': '1.3' }, () => undefined)
  assert.deepEqual(next.hints.claims, { app: '1.3' })
})

test('very many that all differ are not remembered, and read all the same', () => {
  const read = createMetaReader()
  for (let number = 0; number < 200; number += 1)
    assert.equal(read({ 'rm-zone': `z${number}` }, () => undefined).hints.zone, `z${number}`)
})
