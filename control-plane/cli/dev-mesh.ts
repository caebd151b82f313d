// Which replicas the demo mesh has. Only names and files: each replica is a program of its own under `examples/`.

export interface ReplicaPlan {
  /** Stands in its command line, so that a person can find and kill it. */
  readonly name: string
  /** File in the demo's folder, without its ending. */
  readonly program: string
  /** Name under which a registry knows it. */
  readonly service: string
  readonly zone: string
}

export interface ReplicaAt extends ReplicaPlan {
  readonly port: number
}

export const DEMO_ERAS = ['modern', 'legacy']
const ZONES = ['a', 'b', 'c']

export const demoMesh: readonly ReplicaPlan[] = [
  ...replicas('expenses', 'expenses', 3),
  ...replicas('customers', 'customers', 2),
  ...replicas('customers-assured', 'customers', 2),
  ...replicas('search', 'search', 3),
]

function replicas(cluster: string, program: string, count: number): readonly ReplicaPlan[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `${cluster}-${index + 1}`,
    program,
    service: `mcp-${cluster}`,
    zone: `demo-${ZONES[index] ?? index + 1}`,
  }))
}
