// From samples to shares.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CpuProfile, selfTimeOf, selfTimeReport } from './self-time.ts'

const frame = (
  id: number,
  functionName: string,
  { url = '', calls = [] }: { readonly url?: string; readonly calls?: readonly number[] } = {},
): CpuProfile['nodes'][number] => ({
  id,
  callFrame: { functionName, url, lineNumber: 1 },
  children: calls,
})

const STAGE = 'file:///repo/router/stages/decode.ts'
const PROFILE: CpuProfile = {
  nodes: [
    frame(1, '(idle)'),
    frame(2, 'decide', { url: STAGE, calls: [3, 4] }),
    frame(3, 'decide', { url: STAGE }),
    frame(4, 'write', { url: '/repo/node_modules/undici/lib/dispatcher/client-h1.js' }),
    frame(5, 'writev'),
    frame(6, 'post', { url: 'node:inspector' }),
  ],
  samples: [6, 1, 2, 3, 4, 5],
  timeDeltas: [900, 500, 100, 100, 100, 100],
}

test('shares are of the time that was not idle, and a function is counted once however it was called', () => {
  const { idleShare, functions, modules } = selfTimeOf(PROFILE, '/repo')
  assert.equal(idleShare.toFixed(3), '0.556')
  assert.deepEqual(functions, [
    { name: 'router/stages/decode.ts:decide', share: 0.5 },
    { name: 'undici/client-h1.js:write', share: 0.25 },
    { name: 'writev', share: 0.25 },
  ])
  assert.deepEqual(
    modules.map(({ name }) => name),
    ['router/stages', 'undici', 'native code'],
  )
})

test('a function of our own is told with what it calls, once for each sample', () => {
  assert.deepEqual(selfTimeOf(PROFILE, '/repo').whole, [
    { name: 'router/stages/decode.ts:decide', share: 0.75 },
  ])
})

test('a report fits a terminal', () => {
  const long = { name: `router/${'x'.repeat(200)}.ts:f`, share: 0.5 }
  const text = selfTimeReport('router', {
    idleShare: 0,
    functions: [long],
    modules: [],
    whole: [long],
  })
  for (const line of text.split('\n')) assert.ok(line.length <= 100, line)
})
