// Who is recognized by what: a client's name before a User-Agent, a whole word before a beginning, a longer beginning before a shorter one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assistantOf, type Introduced } from './match-assistant.ts'
import type { AssistantPolicy } from './route-table.ts'

const named = (name: string): AssistantPolicy => ({ name, shims: [] })
const RULES = {
  clients: {
    exact: { claude: named('whole') },
    beginnings: [
      { beginning: 'claude-code', policy: named('longer') },
      { beginning: 'claude', policy: named('shorter') },
    ],
  },
  userAgents: { exact: {}, beginnings: [{ beginning: 'openai/', policy: named('agent') }] },
}
const known = (introduced: Introduced): string | undefined => assistantOf(RULES, introduced)?.name

test('the most specific word decides, and a name goes before a User-Agent', () => {
  assert.equal(known({ client: 'claude' }), 'whole')
  assert.equal(known({ client: 'claude-code/x' }), 'longer')
  assert.equal(known({ client: 'claude-ai', userAgent: 'openai/1' }), 'shorter')
  assert.equal(known({ client: 'other', userAgent: 'openai/1' }), 'agent')
})

test('who says nothing, or something else, is nobody, and without documents everybody is', () => {
  for (const one of [{}, { client: '' }, { client: 'constructor' }, { userAgent: 'claude' }])
    assert.equal(known(one), undefined)
  assert.equal(assistantOf(undefined, { client: 'claude' }), undefined)
})
