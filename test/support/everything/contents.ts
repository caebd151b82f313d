// Resources and prompts of the everything server, under the names that the conformance suite asks for.
import { accepted, elicit, type Prompt } from './tool.ts'

/** The smallest PNG and the smallest WAV there are: one pixel, and no sound. */
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
export const SILENCE = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA='

export interface Resource {
  readonly uri: string
  readonly name: string
  readonly mimeType: string
  readonly content: { readonly text: string } | { readonly blob: string }
}

export const WATCHED = 'test://watched-resource'

export const RESOURCES: readonly Resource[] = [
  {
    uri: 'test://static-text',
    name: 'static-text',
    mimeType: 'text/plain',
    content: { text: 'A text that never changes.' },
  },
  {
    uri: 'test://static-binary',
    name: 'static-binary',
    mimeType: 'image/png',
    content: { blob: PIXEL },
  },
  { uri: WATCHED, name: 'watched', mimeType: 'text/plain', content: { text: 'Watch me.' } },
]

export const TEMPLATE = {
  uriTemplate: 'test://template/{id}/data',
  name: 'template',
  mimeType: 'application/json',
} as const

/** What the template gives for an id. */
export const templated = (id: string): string =>
  JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` })

export const idOf = (uri: string): string | undefined =>
  /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1]

const user = (
  content: { type: 'text'; text: string } | { type: 'image'; data: string; mimeType: string },
) => ({ role: 'user', content }) as const

export const PROMPTS: Readonly<Record<string, Prompt>> = {
  test_simple_prompt: {
    description: 'A prompt that takes nothing',
    run: () => ({
      messages: [user({ type: 'text', text: 'This is a simple prompt for testing.' })],
    }),
  },
  test_prompt_with_arguments: {
    description: 'A prompt that says its two arguments',
    arguments: ['arg1', 'arg2'],
    run: ({ arg1, arg2 }) => ({
      messages: [
        user({ type: 'text', text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` }),
      ],
    }),
  },
  test_prompt_with_embedded_resource: {
    description: 'A prompt that carries the resource it is given',
    arguments: ['resourceUri'],
    run: ({ resourceUri = '' }) => ({
      messages: [
        {
          role: 'user',
          content: {
            type: 'resource',
            resource: {
              uri: resourceUri,
              mimeType: 'text/plain',
              text: 'Carried within a prompt.',
            },
          },
        },
        user({ type: 'text', text: 'Say what the resource above is.' }),
      ],
    }),
  },
  test_prompt_with_image: {
    description: 'A prompt that carries an image',
    run: () => ({
      messages: [
        user({ type: 'image', data: PIXEL, mimeType: 'image/png' }),
        user({ type: 'text', text: 'Say what the image above shows.' }),
      ],
    }),
  },
  test_input_required_result_prompt: {
    description: 'A prompt that asks what it is about',
    run: (_args, answers) => {
      const about = accepted(answers, 'user_context', { context: 'string' })
      return about === undefined
        ? {
            ask: {
              user_context: elicit('What is it about?', { context: { type: 'string' } }, [
                'context',
              ]),
            },
          }
        : { messages: [user({ type: 'text', text: `It is about ${String(about['context'])}` })] }
    },
  },
}

/** Values that completion knows for every argument. */
const COMPLETIONS: readonly string[] = ['paris', 'park', 'party']

export const completed = (value: string) => {
  const values = COMPLETIONS.filter(one => one.startsWith(value))
  return { completion: { values, total: values.length, hasMore: false } }
}
