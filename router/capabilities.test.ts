// What is told of what servers can do: all that one of them can, and nothing that the router does not carry.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Capabilities,
  capabilitiesIn,
  joinedInstructions,
  mute,
  toldCapabilities,
} from './capabilities.ts'

const UI = 'io.modelcontextprotocol/ui'
const TASKS = 'io.modelcontextprotocol/tasks'
const from = (capabilities: unknown): Capabilities =>
  capabilitiesIn({ capabilities }) ?? assert.fail('nothing was said')

test('the union of what is said is told, without what is not carried', () => {
  const one = from({
    tools: { listChanged: true },
    resources: { subscribe: true },
    experimental: { x: {} },
    extensions: { [UI]: { mimeTypes: ['text/html'] }, 'com.example/x': {} },
  })
  const other = from({
    prompts: {},
    completions: {},
    logging: {},
    extensions: { [UI]: {}, [TASKS]: {} },
  })
  const all = {
    tools: { listChanged: true },
    prompts: {},
    resources: { subscribe: true },
    completions: {},
    logging: {},
  }
  const ui = { [UI]: { mimeTypes: ['text/html'] } }
  assert.deepEqual(toldCapabilities('modern', [one, other]), {
    ...all,
    extensions: { ...ui, [TASKS]: {} },
  })
  assert.deepEqual(toldCapabilities('legacy', [one, other]), { ...all, extensions: ui })
  assert.deepEqual(toldCapabilities('modern', [from({ tools: {} })]), { tools: {} })
  assert.deepEqual(toldCapabilities('modern', [from({})]), {})
})

test('what nobody can be told of is not told', () => {
  const one = from({
    tools: { listChanged: 'yes' },
    resources: { subscribe: true, listChanged: true },
  })
  assert.deepEqual(toldCapabilities('legacy', [one]), {
    tools: {},
    resources: { subscribe: true, listChanged: true },
  })
  assert.deepEqual(toldCapabilities('legacy', [mute(one)]), { tools: {}, resources: {} })
})

test('of servers that say nothing it is known only that they are tool servers', () => {
  assert.deepEqual(toldCapabilities('modern', []), { tools: {} })
  for (const result of [undefined, null, 5, {}, { capabilities: null }, { capabilities: [] }])
    assert.equal(capabilitiesIn(result), undefined)
})

test('what has another shape is not there, and settings have a bound', () => {
  const odd = from({
    tools: true,
    prompts: [],
    extensions: { [UI]: 'x', [TASKS]: { x: 'x'.repeat(5_000) } },
  })
  assert.deepEqual(toldCapabilities('modern', [odd]), {})
  assert.deepEqual(toldCapabilities('modern', [from({ extensions: [] })]), {})
})

test('words stand under the name of their server, and those without room are named', () => {
  const words = (length: number): string => 'x'.repeat(length)
  assert.equal(joinedInstructions([]), undefined)
  assert.equal(joinedInstructions([{ heading: undefined, words: 'Be kind.' }]), 'Be kind.')
  assert.equal(
    joinedInstructions([
      { heading: 'crm', words: 'a' },
      { heading: 'web', words: 'b' },
    ]),
    '## crm\n\na\n\n## web\n\nb',
  )
  const long = joinedInstructions([
    { heading: 'one', words: words(10_000) },
    { heading: 'two', words: words(10_000) },
    { heading: 'three', words: words(5_000) },
  ])
  assert.match(
    long ?? '',
    /^## one\n\nx+\n\n## three\n\nx+\n\nInstructions that are too long to be told here: two\.$/,
  )
})
