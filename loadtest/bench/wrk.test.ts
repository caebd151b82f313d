// What the load generators print, as they print it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHey, readWrk } from './wrk.ts'

const HEY = `
Summary:
  Total:	4.0012 secs
  Slowest:	0.0102 secs
  Requests/sec:	5998.2110
  Total data:	4176000 bytes
  Size/request:	174 bytes

Response time histogram:
  0.000 [1]	|
  0.010 [23998]	|■■■■

Latency distribution:
  10%% in 0.0004 secs
  50%% in 0.0012 secs
  95%% in 0.0031 secs
  99%% in 0.0046 secs

Status code distribution:
  [200]	23990 responses
  [503]	7 responses

Error distribution:
  [2]	Post "http://127.0.0.1:1/mcp": dial tcp 127.0.0.1:1: connect: connection refused
`

test('a line of wrk is read', () => {
  const text = 'Running 2s test\ncalls=1000 errors=3 us=2000000 p50=120.5 p99=900.0 bytes=330000\n'
  assert.deepEqual(readWrk(text), {
    calls: 1_000,
    errors: 3,
    rps: 500,
    p50Us: 120.5,
    p99Us: 900,
    bytesPerCall: 330,
  })
})

test('a report of hey is read, with what failed', () => {
  assert.deepEqual(readHey(HEY), {
    calls: 23_990,
    errors: 9,
    rps: 5_998.211,
    p50Us: 1_200,
    p99Us: 4_600,
    bytesPerCall: 174,
  })
})

test('a generator that says something else is an error and no zero', () => {
  assert.throws(() => readWrk('unable to connect'), /unable to connect/)
  assert.throws(() => readHey('usage: hey'), /usage: hey/)
})
