// A replica as the fake agent lists it: in the form of the real one, which hides no key that the router reads.
export interface FakeReplica {
  readonly id: string
  readonly port: number
  readonly address?: string
  readonly meta?: Readonly<Record<string, string>>
  readonly weights?: { readonly Passing: number; readonly Warning: number }
  readonly checks?: readonly {
    readonly id: string
    readonly status: string
    readonly notes?: string
  }[]
}

/** `run`: of its checks. What they print is another each time. */
export function entryOf(service: string, replica: FakeReplica, run = 0): object {
  const {
    id,
    address = '',
    port,
    meta = {},
    weights = { Passing: 1, Warning: 1 },
    checks = [],
  } = replica
  return {
    Node: {
      Node: 'fake-node',
      Address: '127.0.0.1',
      Datacenter: 'dc1',
      CreateIndex: 1,
      ModifyIndex: 1,
    },
    Service: {
      ID: id,
      Service: service,
      Address: address,
      Port: port,
      Meta: meta,
      Weights: weights,
      Tags: [],
    },
    Checks: [
      {
        Node: 'fake-node',
        CheckID: 'serfHealth',
        Name: 'Serf Health Status',
        Status: 'passing',
        Notes: '',
      },
      ...checks.map(({ id: check, status, notes = '' }) => ({
        Node: 'fake-node',
        CheckID: check,
        Name: check,
        Status: status,
        Notes: notes,
        Output: `run ${run}`,
        ServiceID: id,
      })),
    ],
  }
}
