// A stream of a caller: alive, bounded, and over when it should be.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeCaller } from '#test/support/fake-caller.ts'
import { manualAfter } from '#test/support/manual-after.ts'
import { CallerStream } from './caller-stream.ts'

function scene(capacity?: number) {
  const caller = fakeCaller(capacity)
  const { after, pass, size } = manualAfter()
  const stream = new CallerStream(caller, after, { heartbeatMs: 10, maxAgeMs: 100 })
  const closed: string[] = []
  stream.onOver(() => closed.push('closed'))
  return { caller, stream, pass, size, closed }
}

test('it begins with its first words, shows that it lives, and ends at its age', async () => {
  const { caller, stream, pass, size, closed } = scene()
  stream.put('tools', 'early')
  const done = stream.run('first', () => stream.end('last'))
  pass(25)
  assert.deepEqual(caller.log, [
    'begin 200',
    'write first',
    'write early',
    'write :\n\n',
    'write :\n\n',
  ])
  pass(100)
  await done
  assert.deepEqual(caller.log.slice(-2), ['write last', 'end'])
  assert.deepEqual(closed, ['closed'])
  assert.equal(size(), 0)
  stream.put('tools', 'late')
  stream.end('late')
  assert.equal(caller.log.at(-1), 'end')
})

test('a caller who leaves ends it, before it has begun as well', async () => {
  const { caller, stream, closed, size } = scene()
  const done = stream.run('', () => stream.end())
  caller.leave()
  await done
  assert.equal(stream.broken, 'caller_gone')
  assert.deepEqual(closed, ['closed'])
  assert.equal(size(), 0)
  const early = scene()
  early.caller.leave()
  await early.stream.run('first', () => undefined)
  assert.deepEqual(early.caller.log, [])
})

test('of each change a slow caller gets the newest, once it has drained', () => {
  const { caller, stream } = scene(5)
  const drained: number[] = []
  stream.onDrained(() => drained.push(caller.held()))
  void stream.run('12345', () => stream.end())
  for (const text of ['t1', 't2']) stream.put('tools', text)
  stream.put('prompts', 'p1')
  assert.equal(caller.text(), '12345')
  caller.drain()
  assert.equal(caller.text(), '12345t2p1')
  assert.deepEqual(drained, [4])
})

test('one for whom too much would wait is parted with', () => {
  const { caller, stream, closed } = scene(1)
  void stream.run('1', () => stream.end())
  for (let count = 0; count < 1_000; count += 1) stream.put(String(count), 'x')
  assert.notEqual(caller.log.at(-1), 'cut')
  stream.put('one more', 'x')
  assert.equal(caller.log.at(-1), 'cut')
  assert.deepEqual(closed, ['closed'])
})

test('nothing is written only to show that it lives while its caller reads nothing', () => {
  const { caller, stream, pass } = scene(1)
  void stream.run('1', () => stream.end())
  pass(50)
  assert.equal(caller.text(), '1')
})

test('what waits for a slow caller is told before a proper end', () => {
  const { caller, stream } = scene(5)
  void stream.run('12345', () => stream.end())
  stream.put('tools', 't1')
  stream.put('prompts', 'p1')
  stream.end('last')
  assert.equal(caller.text(), '12345t1p1last')
  assert.equal(caller.log.at(-1), 'end')
})

test('on a stream that is under way a change goes out at once, and nothing once it is over', () => {
  const { caller, stream } = scene()
  void stream.run('', () => stream.end())
  stream.put('tools', 't')
  assert.equal(caller.text(), 't')
  stream.end()
  const before = [...caller.log]
  assert.equal(stream.write('late'), true)
  stream.put('tools', 'late')
  stream.end('late')
  stream.cut()
  assert.deepEqual(caller.log, before)
})

test('what waits goes out once, and no more of it than its caller takes', () => {
  const { caller, stream } = scene(5)
  void stream.run('12345', () => stream.end())
  stream.put('tools', 'ttttt')
  stream.put('prompts', 'p')
  caller.drain()
  assert.equal(caller.text(), '12345ttttt')
  caller.drain()
  assert.equal(caller.text(), '12345tttttp')
})
