// The customers of the demo: invented people and firms, read-only, the same at every replica.

export interface CustomerRecord {
  readonly id: string
  readonly name: string
  readonly city: string
  readonly notes: readonly { readonly on: string; readonly text: string }[]
}

export const customerRecords: readonly CustomerRecord[] = [
  {
    id: 'cus-101',
    name: 'Aldergate Bakeries',
    city: 'Leeds',
    notes: [
      { on: '2026-09-14', text: 'Agreed to renew for two years, with deliveries before six.' },
      { on: '2026-03-02', text: 'Asked for one invoice a month instead of one a week.' },
    ],
  },
  {
    id: 'cus-102',
    name: 'Bellmoor Opticians',
    city: 'Bath',
    notes: [
      { on: '2026-10-21', text: 'Moves to a new shop in January; send the new contract there.' },
    ],
  },
  {
    id: 'cus-103',
    name: 'Carrow Shipping',
    city: 'Hull',
    notes: [{ on: '2026-07-08', text: 'Wants prices in euros from next year on.' }],
  },
  {
    id: 'cus-104',
    name: 'Dunmere Print',
    city: 'Leeds',
    notes: [
      { on: '2026-08-30', text: 'Complained about a late delivery; replaced free of charge.' },
    ],
  },
  {
    id: 'cus-105',
    name: 'Ferrant & Low',
    city: 'Dover',
    notes: [],
  },
  {
    id: 'cus-106',
    name: 'Greystone Clinics',
    city: 'Bath',
    notes: [
      { on: '2026-11-03', text: 'Calls go to the practice manager only, never to the clinics.' },
    ],
  },
]
