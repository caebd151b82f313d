// The commands that look at breakers and replicas and change them by hand.
import { type Command, InvalidArgumentError } from 'commander'
import { LONGEST_DURATION_MS, parseDuration } from '#foundation/duration.ts'
import type { OperateOptions } from './operate.ts'
import { outputOption, serverOption } from './options.ts'
import type { OutputForm, Terminal } from './terminal.ts'

type Settle = (exitCode: number) => void

interface ListFlags {
  readonly server: string
  readonly output: OutputForm
}

interface OverrideFlags extends ListFlags {
  readonly for: number
  readonly reason: string
}

const MOST_WEIGHT = 1_000

export function addOperations(program: Command, terminal: Terminal, settle: Settle): void {
  addBreakers(program, terminal, settle)
  addReplicas(program, terminal, settle)
}

function addBreakers(program: Command, terminal: Terminal, settle: Settle): void {
  const breakers = program
    .command('breakers')
    .description('Show and set the breakers that failing calls open, one for each replica.')
  const show = async (flags: ListFlags, cluster?: string, replica?: string): Promise<void> => {
    const { runBreakers } = await import('./operate.ts')
    const which = {
      ...(cluster === undefined ? {} : { cluster }),
      ...(replica === undefined ? {} : { replica }),
    }
    settle(await runBreakers({ ...flags, ...which }, terminal))
  }
  breakers
    .command('list')
    .description('Show the breaker of every replica.')
    .argument('[CLUSTER]', 'only of this cluster')
    .addOption(serverOption())
    .addOption(outputOption(['table', 'json']))
    .action((cluster: string | undefined, flags: ListFlags) => show(flags, cluster))
  onReplica(breakers.command('get'), 'Show the breaker of one replica.').action(
    (cluster: string, replica: string, flags: ListFlags) => show(flags, cluster, replica),
  )
  for (const [action, says] of [
    ['reset', 'Close it and forget what it counted; failing calls may open it again.'],
    [
      'force-open',
      'Send it no calls, until it is reset: its sessions are lost, calls under way stay.',
    ],
    ['force-close', 'Never eject the replica, until it is reset.'],
  ] as const)
    onReplica(breakers.command(action), says).action(
      async (cluster: string, replica: string, flags: ListFlags) => {
        const { runOperate } = await import('./operate.ts')
        settle(await runOperate({ ...flags, cluster, replica, action }, terminal))
      },
    )
}

function addReplicas(program: Command, terminal: Terminal, settle: Settle): void {
  const replicas = program
    .command('replicas')
    .description('Show replicas, and decide about one for a while; this router alone obeys.')
  replicas
    .command('list')
    .description('Show every replica, and what was decided about it.')
    .argument('[CLUSTER]', 'only of this cluster')
    .addOption(serverOption())
    .addOption(outputOption(['table', 'wide', 'json']))
    .action(async (name: string | undefined, flags: ListFlags) => {
      const { runClusters } = await import('./clusters.ts')
      settle(await runClusters({ ...flags, ...(name === undefined ? {} : { name }) }, terminal))
    })
  const change = async (asked: Omit<OperateOptions, keyof At>, at: At): Promise<void> => {
    const { runOperate } = await import('./operate.ts')
    settle(await runOperate({ ...asked, ...at }, terminal))
  }
  for (const [action, says] of [
    ['drain', 'Send it nothing new; sessions stay, and so do calls under way.'],
    ['maint', 'Send it nothing at all; calls under way are left alone, its sessions end.'],
  ] as const)
    forAWhile(onReplica(replicas.command(action), says)).action(
      (cluster: string, replica: string, flags: OverrideFlags) =>
        change({ action, ...toldOf(flags) }, { cluster, replica }),
    )
  const weight = onReplica(replicas.command('weight'), 'Give it another share of the calls.')
  forAWhile(weight.argument('<WEIGHT>', `1 to ${MOST_WEIGHT}`, readWeight)).action(
    (cluster: string, replica: string, share: number, flags: OverrideFlags) =>
      change({ action: 'weight', weight: share, ...toldOf(flags) }, { cluster, replica }),
  )
  onReplica(replicas.command('ready'), 'End what was decided about it.').action(
    (cluster: string, replica: string, flags: ListFlags) =>
      change({ action: 'ready', ...flags }, { cluster, replica }),
  )
}

interface At {
  readonly cluster: string
  readonly replica: string
}

const toldOf = ({ for: forMs, ...flags }: OverrideFlags): ListFlags & TellingFlags => ({
  ...flags,
  forMs,
})

interface TellingFlags {
  readonly forMs: number
  readonly reason: string
}

const onReplica = (command: Command, says: string): Command =>
  command
    .description(says)
    .argument('<CLUSTER>', 'name of the cluster')
    .argument('<REPLICA>', 'as `ringmain replicas list` shows it under ENDPOINT')
    .addOption(serverOption())
    .addOption(outputOption(['table', 'json']))

const forAWhile = (command: Command): Command =>
  command
    .requiredOption('--for <DURATION>', 'when it ends by itself: 1s to 24h', readDuration)
    .requiredOption('--reason <TEXT>', 'why, for whoever looks', readReason)

function readDuration(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms >= 1_000 && ms <= LONGEST_DURATION_MS) return ms
  throw new InvalidArgumentError('It must be a duration from 1s to 24h, such as 30m.')
}

function readReason(text: string): string {
  if (text.trim() !== '') return text
  throw new InvalidArgumentError('It must say why.')
}

function readWeight(text: string): number {
  const weight = Number(text)
  if (Number.isInteger(weight) && weight >= 1 && weight <= MOST_WEIGHT) return weight
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_WEIGHT}.`)
}
