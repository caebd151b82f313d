// What spans documents and files. What a single document can get wrong stands in `routes/golden`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileDocuments } from './compile-documents.ts'
import { formatProblem } from './problems.ts'
import { MOST_DOCUMENTS } from './read-documents.ts'

const cluster = (name: string) => `apiVersion: ringmain.dev/v1
kind: Cluster
metadata: { name: ${name} }
spec: { discovery: { consul: { service: mcp } } }
`
const server = (name: string, clusters: string) => `apiVersion: ringmain.dev/v1
kind: VirtualServer
metadata: { name: ${name} }
spec: { clusters: ${clusters} }
`

type Texts = Readonly<Record<string, string>>
const filesOf = (texts: Texts) => Object.entries(texts).map(([file, text]) => ({ file, text }))

function problemsOf(texts: Texts, options = {}): string[] {
  const compiled = compileDocuments(filesOf(texts), options)
  return 'problems' in compiled ? compiled.problems.map(problem => formatProblem(problem)) : []
}

test('documents of several files make one table, sorted by name', () => {
  const compiled = compileDocuments(
    filesOf({
      'b.yaml': server('default', '[b, a]') + '---\n' + cluster('b'),
      'a.yaml': cluster('a'),
    }),
  )
  assert.ok('table' in compiled)
  assert.deepEqual(Object.keys(compiled.table.clusters), ['a', 'b'])
  assert.deepEqual(
    compiled.table.virtualServers['default']?.members.map(member => member.cluster),
    ['b', 'a'],
  )
})

test('a name that stands in two files names both places', () => {
  const problems = problemsOf({
    'a.yaml': cluster('same'),
    'b.yaml': `# Moved.\n${cluster('same')}`,
  })
  assert.deepEqual(problems, [
    'b.yaml:4:19  metadata.name: Cluster "same" is already described at a.yaml:3:19; each name stands once',
  ])
})

test('a cluster and a virtual server may share a name', () => {
  assert.deepEqual(
    problemsOf({ 'a.yaml': `${cluster('same')}---\n${server('same', '[same]')}` }),
    [],
  )
})

test('all problems of all files come at once, in reading order', () => {
  const problems = problemsOf({
    'b.yaml': server('default', '[missing]'),
    'a.yaml': `${cluster('UPPER')}---\n${cluster('fine')}---\nkind: Clster\n`,
  })
  assert.deepEqual(
    problems.map(problem => problem.split('  ')[0]),
    ['b.yaml:4:20', 'a.yaml:3:19', 'a.yaml:11:7'],
  )
})

test('one error anywhere means no table, and a warning alone does not', () => {
  const warned = cluster('a').replace('} }\n', '}, addresses: { allow: [10.0.0.1/8] } }\n')
  const compiled = compileDocuments(filesOf({ 'a.yaml': warned }))
  assert.ok('table' in compiled)
  assert.deepEqual(
    compiled.warnings.map(({ severity, path }) => [severity, path]),
    [['warning', 'spec.addresses.allow[0]']],
  )
  const both = compileDocuments(filesOf({ 'a.yaml': warned, 'b.yaml': 'kind: Nothing\n' }))
  assert.ok('problems' in both)
  assert.deepEqual(
    both.problems.map(({ severity }) => severity),
    ['warning', 'error'],
  )
})

test('an unknown cluster is not reported while a document that may hold it is unreadable', () => {
  const lonely = { 'b.yaml': server('default', '[gone]') }
  assert.match(problemsOf(lonely).join('\n'), /no cluster is named "gone"/)
  assert.doesNotMatch(problemsOf({ ...lonely, 'a.yaml': 'a: [' }).join('\n'), /no cluster/)
  assert.deepEqual(problemsOf(lonely, { isWhole: false }), [])
})

test('a cluster with a mistake in it is still known to those that use it', () => {
  const broken = cluster('a').replace('service', 'srvice')
  const problems = problemsOf({ 'a.yaml': broken, 'b.yaml': server('default', '[a]') })
  assert.equal(
    problems.some(problem => problem.includes('no cluster')),
    false,
  )
  assert.ok(problems.some(problem => problem.includes('did you mean "service"')))
})

test('no document at all is a problem', () => {
  for (const texts of [{ 'a.yaml': '' }, { 'a.yaml': '# nothing\n', 'b.yaml': '---\n' }, {}])
    assert.match(problemsOf(texts).join('\n'), /no policy document here/)
})

test('no more than the permitted number of documents is read, over all files', () => {
  const half = `${'a: 1\n---\n'.repeat(MOST_DOCUMENTS / 2)}a: 1\n`
  const problems = problemsOf({ 'a.yaml': half, 'b.yaml': half })
  assert.equal(problems.length, 1_001)
  assert.match(problems.at(-1) ?? '', /more problems are not shown/)
  const compiled = compileDocuments(filesOf({ 'a.yaml': half, 'b.yaml': half }))
  assert.ok('problems' in compiled)
})

test('equal documents compile to equal tables, and the text given is not changed', () => {
  const files = filesOf({ 'a.yaml': cluster('a') })
  const [first, second] = [compileDocuments(files), compileDocuments(files)]
  assert.deepEqual(first, second)
})
