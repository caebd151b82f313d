// The documents of the last good table, on disk, so that a router starts while their folder is gone or broken. Their text is kept and
// compiled anew: what an older version compiled is not trusted. The file is a cache that anybody may delete.
import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { newestWrite, writeDurably } from '#router/durable-file.ts'
import type { PolicyFile } from '#routes/compile/read-documents.ts'
import type { FeedLog } from './table-in-force.ts'

const MAX_BYTES = 128 * 1_048_576
/** Documents that have not changed are written again after this long, so that their age says when they were last confirmed. */
const REFRESH_MS = 300_000

export interface SavedDocuments {
  readonly files: readonly PolicyFile[]
  /** When they were last what their folder held. */
  readonly asOfMs: number
}

export interface LastGoodDocuments {
  /** Undefined when there are none of this folder, or they cannot be read. */
  readonly read: () => Promise<SavedDocuments | undefined>
  /** Never blocks the caller: writes one after another, only the newest that waits. */
  readonly save: (documents: SavedDocuments) => void
  /** Resolves when what was saved is on disk. */
  readonly close: () => Promise<void>
}

export interface LastGoodDocumentsOptions {
  readonly stateDirectory: string
  /** Documents of one folder are never taken for those of another. */
  readonly directory: string
  readonly log?: FeedLog
}

export function openLastGoodDocuments(options: LastGoodDocumentsOptions): LastGoodDocuments {
  const { stateDirectory, log } = options
  const file = join(stateDirectory, 'table', 'last-good.json')
  const directory = resolve(options.directory)
  let last: SavedDocuments | undefined
  const writes = newestWrite(
    (documents: SavedDocuments) =>
      writeDurably(file, [JSON.stringify({ version: 1, directory, ...documents })]),
    ({ message: reason }) => {
      last = undefined
      log?.warn({ file, reason }, 'the last good documents cannot be written')
    },
  )
  return {
    async read() {
      try {
        return readSaved(await textOf(file), directory)
      } catch (error) {
        const reason = (error as Error).message
        log?.warn({ file, reason }, 'the last good documents cannot be read and are ignored')
        return undefined
      }
    },
    save(documents) {
      const isSame = last?.files === documents.files
      if (isSame && documents.asOfMs - (last?.asOfMs ?? 0) < REFRESH_MS) return
      last = documents
      writes.put(documents)
    },
    close: writes.done,
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    const { size } = await stat(file)
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_BYTES}`)
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function readSaved(text: string | undefined, directory: string): SavedDocuments | undefined {
  if (text === undefined) return undefined
  const saved: unknown = JSON.parse(text)
  if (!isRecord(saved) || saved['version'] !== 1)
    throw new Error('it was written by another version')
  if (saved['directory'] !== directory) return undefined
  const { asOfMs, files } = saved
  if (typeof asOfMs !== 'number' || !Number.isFinite(asOfMs)) throw new Error('it has no time')
  if (!Array.isArray(files) || !files.every(isFile)) throw new Error('it has no list of documents')
  return { asOfMs, files }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isFile = (value: unknown): value is PolicyFile =>
  isRecord(value) && typeof value['file'] === 'string' && typeof value['text'] === 'string'
