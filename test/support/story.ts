// A story is a script that prints figures and what they are held to. It ends with 1 when one was missed, or when it broke.

export interface Story {
  /** A figure that is only told. */
  readonly tell: (what: string, figure: string) => void
  /** A figure with a bar. */
  readonly hold: (what: string, figure: string, isMet: boolean) => void
  /** Run at the end, last first, whatever happened. */
  readonly later: (clean: () => unknown) => void
}

export async function tellStory(
  name: string,
  work: (story: Story) => Promise<void>,
): Promise<void> {
  const cleaners: (() => unknown)[] = []
  let missed = 0
  const line = (mark: string, what: string, figure: string): void =>
    console.log(`  ${mark}  ${what}: ${figure}`)
  console.log(name)
  try {
    await work({
      tell: (what, figure) => line('    ', what, figure),
      hold: (what, figure, isMet) => {
        if (!isMet) missed += 1
        line(isMet ? 'ok  ' : 'MISS', what, figure)
      },
      later: clean => void cleaners.push(clean),
    })
  } catch (error) {
    missed += 1
    line('MISS', 'it broke', String((error as Error).stack ?? error))
  }
  for (const clean of cleaners.toReversed()) await clean()
  process.exitCode = missed === 0 ? 0 : 1
}

export const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`
