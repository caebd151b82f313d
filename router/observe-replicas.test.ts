// Hundreds of replicas are told of one by one, thousands as sums.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instanceAt } from '#test/support/cluster-policy.ts'
import { Endpoint } from './clusters/endpoint.ts'
import { MOST_TOLD, observeReplicas } from './observe-replicas.ts'

function told(endpoints: readonly Endpoint[]) {
  const values: { readonly name: string; readonly value: number; readonly labels: object }[] = []
  observeReplicas((name, value, labels) => void values.push({ name, value, labels }), 'crm', {
    endpoints,
    nowMs: 0,
  })
  return {
    ofReplicas: values.filter(({ name }) => name.startsWith('ringmain.replica.')).length,
    sums: values
      .filter(({ name }) => name.startsWith('ringmain.cluster.'))
      .map(({ value }) => value),
  }
}

const endpointsOf = (count: number): readonly Endpoint[] =>
  Array.from({ length: count }, (_, number) => new Endpoint(instanceAt(number)))

test('sums of a cluster are what its replicas carry, by health', () => {
  const endpoints = endpointsOf(5)
  const [one, two, three, four] = endpoints as [Endpoint, Endpoint, Endpoint, Endpoint]
  for (const endpoint of [one, two, three]) endpoint.becomeUp(0)
  three.apart = { modern: 'its tools differ' }
  four.becomeDown('no answer')
  one.inFlight = 2
  two.inFlight = 3
  two.streams = 4
  two.isEjected = true
  // up, apart, down, unknown; calls, streams, ejected
  assert.deepEqual(told(endpoints).sums, [2, 1, 1, 1, 5, 4, 1])
})

test('one more than can be told of one by one, and only sums are told', () => {
  assert.equal(told(endpointsOf(MOST_TOLD)).ofReplicas, 6 * MOST_TOLD)
  const many = told(endpointsOf(MOST_TOLD + 1))
  assert.deepEqual([many.ofReplicas, many.sums[3]], [0, MOST_TOLD + 1])
})
