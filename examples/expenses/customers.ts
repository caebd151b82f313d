// The customer demo: read-only, the same records at every replica, and legacy callers hold a session with one of them.
// It runs twice in the mesh, as `customers` and as `customers-assured`; which data may go where is the router's matter.
import { customerRecords } from './customer-records.ts'
import { runReplica } from './replica.ts'
import { defineTool, ToolRefusal } from './tool.ts'

const annotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
}
const customerId = { type: 'string', pattern: '^cus-[0-9]{1,6}$' }
const text = { type: 'string' }

const findCustomer = defineTool<
  { readonly query: string },
  {
    readonly customers: readonly {
      readonly id: string
      readonly name: string
      readonly city: string
    }[]
  }
>({
  name: 'find_customer',
  title: 'Find a customer',
  description: 'Finds customers by a part of their name or city, at most ten.',
  annotations,
  input: {
    type: 'object',
    properties: { query: { type: 'string', minLength: 1, maxLength: 100 } },
    required: ['query'],
    additionalProperties: false,
  },
  output: {
    type: 'object',
    properties: {
      customers: {
        type: 'array',
        maxItems: 10,
        items: {
          type: 'object',
          properties: { id: text, name: text, city: text },
          required: ['id', 'name', 'city'],
          additionalProperties: false,
        },
      },
    },
    required: ['customers'],
    additionalProperties: false,
  },
  run: ({ query }) => {
    const part = query.toLowerCase()
    const found = customerRecords.filter(({ name, city }) =>
      `${name} ${city}`.toLowerCase().includes(part),
    )
    return { customers: found.slice(0, 10).map(({ id, name, city }) => ({ id, name, city })) }
  },
})

const customerNotes = defineTool<
  { readonly id: string },
  { readonly id: string; readonly notes: readonly { readonly on: string; readonly text: string }[] }
>({
  name: 'customer_notes',
  title: 'Read the notes about a customer',
  description: 'The notes that colleagues wrote about one customer, newest first. Confidential.',
  annotations,
  input: {
    type: 'object',
    properties: { id: { ...customerId, description: 'As find_customer gave it.' } },
    required: ['id'],
    additionalProperties: false,
  },
  output: {
    type: 'object',
    properties: {
      id: text,
      notes: {
        type: 'array',
        items: {
          type: 'object',
          properties: { on: text, text },
          required: ['on', 'text'],
          additionalProperties: false,
        },
      },
    },
    required: ['id', 'notes'],
    additionalProperties: false,
  },
  run: ({ id }) => {
    const customer = customerRecords.find(record => record.id === id)
    if (customer === undefined) {
      throw new ToolRefusal(`There is no customer ${id}. Look for one with find_customer first.`)
    }
    return { id, notes: customer.notes }
  },
})

await runReplica({
  name: 'customers',
  instructions: 'Look up customers, then read the notes about one of them.',
  isSessionful: true,
  tools: () => [findCustomer, customerNotes],
})
