// Tools of the everything server that ask their caller: for words, for what a model says, for its roots, once or in rounds.
import {
  accepted,
  elicit,
  type Json,
  type Question,
  ROOTS,
  said,
  sample,
  type Tool,
} from './tool.ts'

const NAME: Question = elicit('What is your name?', { name: { type: 'string' } }, ['name'])
const CONFIRM: Question = elicit('Please confirm', { ok: { type: 'boolean' } }, ['ok'])

const nameIn = (answers: Json | undefined, key = 'user_name'): string | undefined =>
  accepted(answers, key, { name: 'string' })?.['name'] as string | undefined

const textIn = (answers: Json | undefined, key: string): string | undefined =>
  (answers?.[key] as { readonly content?: { readonly text?: string } } | undefined)?.content?.text

const rootsIn = (answers: Json | undefined): readonly { readonly uri: string }[] | undefined =>
  (
    answers?.['client_roots'] as
      | { readonly roots?: readonly { readonly uri: string }[] }
      | undefined
  )?.roots

const enums = {
  untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
  titledSingle: {
    type: 'string',
    oneOf: [
      { const: 'value1', title: 'First Option' },
      { const: 'value2', title: 'Second Option' },
      { const: 'value3', title: 'Third Option' },
    ],
  },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: {
    type: 'array',
    minItems: 1,
    maxItems: 3,
    items: { type: 'string', enum: ['option1', 'option2', 'option3'] },
  },
  titledMulti: {
    type: 'array',
    minItems: 1,
    maxItems: 3,
    items: {
      anyOf: [
        { const: 'value1', title: 'First Choice' },
        { const: 'value2', title: 'Second Choice' },
        { const: 'value3', title: 'Third Choice' },
      ],
    },
  },
}

const defaults = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
}

/** Shows a form, and says what came of it. */
const formTool = (
  description: string,
  question: (args: Json) => Question,
  input?: Tool['input'],
): Tool => ({
  description,
  ...(input && { input }),
  run: async ({ answers, args }) => {
    const answer = answers?.['form'] as
      | { readonly action: string; readonly content?: Json }
      | undefined
    return answer === undefined
      ? { ask: { form: question(args) } }
      : said(`action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`)
  },
})

const FORMS: Readonly<Record<string, Tool>> = {
  test_elicitation: formTool(
    'Asks the user what it is told to ask',
    ({ message }) => elicit(String(message), { response: { type: 'string' } }, ['response']),
    { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
  ),
  test_elicitation_sep1034_defaults: formTool('Shows a form with a default for each type', () =>
    elicit('Check the form', defaults, []),
  ),
  test_elicitation_sep1330_enums: formTool('Shows a form with each kind of choice', () =>
    elicit('Choose', enums, []),
  ),
  test_elicitation_url: formTool('Sends the user to a page', () => ({
    method: 'elicitation/create',
    params: { mode: 'url', message: 'Sign in', url: 'https://example.org/sign-in' },
  })),
}

const ONE_ROUND: Readonly<Record<string, Tool>> = {
  test_sampling: {
    description: 'Asks a model',
    input: { type: 'object', properties: { prompt: { type: 'string' } }, required: ['prompt'] },
    run: async ({ answers, args }) =>
      answers === undefined
        ? { ask: { reply: sample(String(args['prompt'])) } }
        : said(`LLM response: ${textIn(answers, 'reply')}`),
  },
  test_missing_capability: {
    description: 'Asks a model, whatever the caller says that it can',
    run: async ({ answers }) =>
      answers?.['llm_answer'] === undefined
        ? { ask: { llm_answer: sample('Reply with one word', 16) } }
        : said('The model replied.'),
  },
  test_input_required_result_elicitation: {
    description: 'Asks for a name until it is told one',
    run: async ({ answers }) => {
      const name = nameIn(answers)
      return name === undefined ? { ask: { user_name: NAME } } : said(`Hello, ${name}!`)
    },
  },
  test_input_required_result_sampling: {
    description: 'Asks a model a question',
    run: async ({ answers }) =>
      answers?.['capital_question'] === undefined
        ? { ask: { capital_question: sample('What is the capital of France?') } }
        : said(`Sampling response: ${textIn(answers, 'capital_question')}`),
  },
  test_input_required_result_list_roots: {
    description: 'Asks for the roots of its caller',
    run: async ({ answers }) => {
      const roots = rootsIn(answers)
      return roots === undefined
        ? { ask: { client_roots: ROOTS } }
        : said(`Roots: ${roots.map(({ uri }) => uri).join(', ')}`)
    },
  },
  test_input_required_result_capabilities: {
    description: 'Asks what the caller says that it can answer',
    run: async ({ answers, capabilities }) => {
      if (answers !== undefined) return said('All was answered.')
      const ask = {
        ...(capabilities['elicitation'] !== undefined && { user_name: NAME }),
        ...(capabilities['sampling'] !== undefined && { greeting: sample('Greet somebody', 50) }),
        ...(capabilities['roots'] !== undefined && { client_roots: ROOTS }),
      }
      return Object.keys(ask).length === 0 ? said('There was nothing to ask.') : { ask }
    },
  },
}

const WITH_STATE: Readonly<Record<string, Tool>> = {
  test_input_required_result_request_state: {
    description: 'Asks to confirm, and knows its own state again',
    run: async ({ answers, state }) => {
      if (accepted(answers, 'confirm', { ok: 'boolean' }) === undefined)
        return { ask: { confirm: CONFIRM }, state: { of: 'request_state' } }
      if (state?.['of'] !== 'request_state') return { ...said('The state is lost.'), isError: true }
      return said('state-ok: confirmed with the state of the round before')
    },
  },
  test_input_required_result_tampered_state: {
    description: 'Asks to confirm, and takes no state that is not its own',
    run: async ({ answers, state }) =>
      state !== undefined && accepted(answers, 'confirm', { ok: 'boolean' }) !== undefined
        ? said('integrity-ok')
        : { ask: { confirm: CONFIRM }, state: { of: 'tampered_state' } },
  },
  test_input_required_result_multiple_inputs: {
    description: 'Asks three things at once',
    run: async ({ answers }) => {
      const [name, greeting, roots] = [
        nameIn(answers),
        textIn(answers, 'greeting'),
        rootsIn(answers),
      ]
      return name === undefined || greeting === undefined || roots === undefined
        ? {
            ask: {
              user_name: NAME,
              greeting: sample('Generate a greeting', 50),
              client_roots: ROOTS,
            },
            state: { of: 'multiple_inputs' },
          }
        : said(`${greeting} ${name}, with ${roots.length} roots`)
    },
  },
  test_input_required_result_multi_round: {
    description: 'Asks for a name, and in a second round for a colour',
    run: async ({ answers, state }) => {
      const round = state?.['of'] === 'multi_round' ? state['round'] : 0
      if (round === 0) return { ask: { step1: NAME }, state: { of: 'multi_round', round: 1 } }
      if (round === 1)
        return {
          ask: { step2: elicit('Which colour?', { color: { type: 'string' } }, ['color']) },
          state: { of: 'multi_round', round: 2, name: nameIn(answers, 'step1') ?? 'nobody' },
        }
      const color = accepted(answers, 'step2', { color: 'string' })?.['color'] as string | undefined
      return said(`${String(state?.['name'])} likes ${color ?? 'none'}`)
    },
  },
}

export const ASKING_TOOLS: Readonly<Record<string, Tool>> = {
  ...FORMS,
  ...ONE_ROUND,
  ...WITH_STATE,
}
