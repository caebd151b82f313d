// The figures of an edge run in one block that fits a page: a part a paragraph, its figures under it.

export interface EdgePart {
  readonly name: string
  readonly isMet: boolean
  readonly figures: readonly string[]
}

const WIDTH = 100
const INDENT = '        '

/** The last line is the verdict, alone. */
export function edgeSummary(parts: readonly EdgePart[]): string {
  const missed = parts.filter(({ isMet }) => !isMet).map(({ name }) => name)
  return [
    'the edge',
    ...parts.flatMap(({ name, isMet, figures }) => [
      `  ${isMet ? 'ok  ' : 'MISS'}  ${name}`,
      ...figures.flatMap(figure => wrapped(figure, WIDTH - INDENT.length)),
    ]),
    parts.length > 0 && missed.length === 0
      ? 'every bar was met'
      : `missed: ${missed.join(', ') || 'nothing ran'}`,
  ].join('\n')
}

/** At spaces; a word that is longer than a line is cut. What continues is set in by two more. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let rest = text
  for (let room = width; rest !== ''; room = width - 2) {
    const isWhole = rest.length <= room
    const space = rest.lastIndexOf(' ', room)
    const end = isWhole ? rest.length : space > 0 ? space : room
    lines.push(`${INDENT}${lines.length === 0 ? '' : '  '}${rest.slice(0, end)}`)
    rest = rest.slice(end).trimStart()
  }
  return lines
}

/** What a story has printed, and how it ended. Its first line is its name; a figure begins with its mark. */
export function storyPart(name: string, output: string, code: number | null): EdgePart {
  const lines = output.split('\n').filter(line => line.trim() !== '')
  const figures = lines.map(line => line.trim().replace(/^ok {2,}/, ''))
  return { name, isMet: code === 0, figures: figures.length === 0 ? ['it said nothing'] : figures }
}
