// The pages that the search demo looks through: public, read-only, the same at every replica.

export interface Page {
  readonly id: string
  readonly title: string
  readonly text: string
}

export const handbook: readonly Page[] = [
  {
    id: 'first-day',
    title: 'Hello and welcome',
    text: 'Your first day: say hello at the front desk, collect your badge, and meet your team at ten.',
  },
  {
    id: 'submit-expense',
    title: 'How to submit an expense',
    text: 'Submit an expense within thirty days, with its purpose and the amount as paid.',
  },
  {
    id: 'approve-expense',
    title: 'Who approves an expense',
    text: 'Somebody else than the person who paid approves an expense; nobody approves their own.',
  },
  {
    id: 'travel',
    title: 'Travel',
    text: 'Take the train for journeys under five hours. Book flights through the travel desk.',
  },
  {
    id: 'meals',
    title: 'Meals while travelling',
    text: 'Breakfast up to 15, lunch up to 20 and dinner up to 35 a day, in the currency of the country.',
  },
  {
    id: 'hotel',
    title: 'Hotels',
    text: 'Book a hotel up to 140 a night; in the three largest cities up to 190.',
  },
  {
    id: 'customer-notes',
    title: 'Writing notes about customers',
    text: 'Notes about a customer are confidential. Write what was agreed, not what you think of them.',
  },
  {
    id: 'on-call',
    title: 'On call',
    text: 'The person on call answers a page within fifteen minutes and writes down what was done.',
  },
  {
    id: 'incident',
    title: 'After an incident',
    text: 'Within five days the team writes what happened, why, and what will be changed. No blame.',
  },
  {
    id: 'holiday',
    title: 'Holidays',
    text: 'Thirty days a year. Tell your team two weeks ahead for more than three days in a row.',
  },
]
