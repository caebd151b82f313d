// The table of methods: what each is about, and who may send it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRepeatableRead, METHODS, methodOf, subjectOf } from './methods.ts'

test('every method that is forwarded says what it is about, and no other does', () => {
  for (const [name, { list, subject, isMirrored }] of Object.entries(METHODS)) {
    assert.equal(subject !== undefined, list === 'call' || list === 'subscribe', name)
    if (isMirrored === true) assert.ok(subject !== undefined, name)
  }
})

test('a method is known to its own eras, and to nobody else', () => {
  assert.equal(methodOf('modern', 'tools/call')?.list, 'call')
  assert.equal(methodOf('legacy', 'tools/call')?.list, 'call')
  assert.equal(methodOf('modern', 'ping'), undefined)
  assert.equal(methodOf('legacy', 'tasks/get'), undefined)
  assert.equal(methodOf('legacy', 'server/discover'), undefined)
  for (const name of ['toString', '__proto__', 'tools/CALL', ''])
    assert.equal(methodOf('modern', name), undefined)
})

test('the subject is found where the method has it, and only where it is text', () => {
  const ref = { type: 'ref/prompt', name: 'p', uri: 'u' }
  for (const [method, params, expected] of [
    ['tools/call', { name: 't' }, ['tool', 't', ['name']]],
    ['prompts/get', { name: 'p' }, ['prompt', 'p', ['name']]],
    ['resources/read', { uri: 'u' }, ['resource', 'u', ['uri']]],
    ['tasks/get', { taskId: 'x' }, ['task', 'x', ['taskId']]],
    ['completion/complete', { ref }, ['prompt', 'p', ['ref', 'name']]],
    [
      'completion/complete',
      { ref: { ...ref, type: 'ref/resource' } },
      ['resource', 'u', ['ref', 'uri']],
    ],
  ] as const) {
    const found = subjectOf({ method, params })
    assert.deepEqual([found?.kind, found?.name, found?.path], expected)
  }
  for (const [method, params] of [
    ['tools/call', {}],
    ['tools/call', { name: 7 }],
    ['resources/read', { name: 'u' }],
    ['completion/complete', {}],
    ['completion/complete', { ref: 'x' }],
    ['completion/complete', { ref: { type: 'ref/other', name: 'p' } }],
    ['completion/complete', { ref: { type: 'ref/resource', name: 'p' } }],
    ['tools/list', { name: 'p' }],
    ['unknown', { name: 'p' }],
  ] as const)
    assert.equal(subjectOf({ method, params }), undefined, JSON.stringify([method, params]))
})

test('what reads may be sent again, unless somebody has answered a question for it', () => {
  assert.ok(isRepeatableRead({ method: 'resources/read', params: { uri: 'u' } }))
  for (const [method, params] of [
    ['resources/read', { requestState: '' }],
    ['resources/read', { inputResponses: {} }],
    ['tools/call', {}],
    ['tasks/cancel', {}],
    ['unknown', {}],
  ] as const)
    assert.equal(isRepeatableRead({ method, params }), false, method)
})
