// What the README and the how-to pages show must work: documents compile, and every command and flag exists.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { buildProgram } from '#control-plane/cli/program.ts'
import { compileDocuments } from '#routes/compile/compile-documents.ts'
import { formatProblem } from '#routes/compile/problems.ts'

type Command = ReturnType<typeof buildProgram>

const root = join(import.meta.dirname, '..')
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs/how-to')).map(name => `docs/how-to/${name}`),
]
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')

function blocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, body = '']) => body,
  )
}

function documentProblems(text: string): readonly string[] {
  return blocks(text, 'yaml')
    .filter(block => block.includes('apiVersion:'))
    .flatMap(block => {
      const compiled = compileDocuments([{ file: 'page', text: block }])
      return 'table' in compiled ? [] : compiled.problems.map(problem => formatProblem(problem))
    })
}

const program = buildProgram(
  {
    print: () => undefined,
    say: () => undefined,
    width: 80,
    isInteractive: false,
    paint: (_style, text) => text,
    env: {},
  },
  () => undefined,
)

/** What the words after `ringmain` name that does not exist. */
function unknownWords(line: string): readonly string[] {
  const words = line.split(/\s+/)
  let command: Command = program
  for (
    let next = childOf(command, words[0]);
    next !== undefined;
    next = childOf(command, words[0])
  ) {
    command = next
    words.shift()
  }
  if (command === program) return [words[0] ?? '']
  const known = [command, command.parent ?? program, program].flatMap(one =>
    one.options.flatMap(option => [option.long, option.short]),
  )
  return words.filter(word => /^--?[a-z]/.test(word) && !known.includes(word))
}

const childOf = (command: Command, name: string | undefined): Command | undefined =>
  command.commands.find(child => child.name() === name)

/** Every `npx ringmain …` up to where the shell or the prose takes over. */
function commandLines(text: string): readonly string[] {
  return [...text.matchAll(/npx ringmain ([^`|\n]*)/g)].map(
    ([, words = '']) => words.split(' || ')[0] ?? '',
  )
}

function deadLinks(page: string): readonly string[] {
  return [...textOf(page).matchAll(/\]\((?!https?:)([^)#]+)/g)]
    .map(([, target = '']) => target)
    .filter(target => !existsSync(join(root, dirname(page), target)))
}

for (const page of pages) {
  test(`${page}: every policy document in it compiles`, () => {
    assert.deepEqual(documentProblems(textOf(page)), [])
  })

  test(`${page}: every command and flag in it exists`, () => {
    assert.deepEqual(commandLines(textOf(page)).flatMap(unknownWords), [])
  })

  test(`${page}: every file it points at exists`, () => {
    assert.deepEqual(deadLinks(page), [])
  })
}

test('a page with a wrong document, command or flag would be caught', () => {
  const wrong = '```yaml\napiVersion: ringmain.dev/v1\nkind: Clutser\n```\n'
  assert.notDeepEqual(documentProblems(wrong), [])
  assert.deepEqual(commandLines('`npx ringmain stauts`').flatMap(unknownWords), ['stauts'])
  assert.deepEqual(commandLines('npx ringmain call x --agr a=b | jq').flatMap(unknownWords), [
    '--agr',
  ])
  assert.ok(pages.some(page => commandLines(textOf(page)).length > 0))
  assert.ok(pages.some(page => blocks(textOf(page), 'yaml').length > 0))
})
