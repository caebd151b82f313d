// Reads the policy documents of one folder, whole or not at all. What cannot be read is a problem, never a missing file:
// to leave a document out would withdraw its policy.
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Problem } from '#routes/compile/problems.ts'
import {
  fileProblem,
  LARGEST_FILE_BYTES,
  MOST_DOCUMENTS,
  type PolicyFile,
} from '#routes/compile/read-documents.ts'

export interface PolicyFolder {
  readonly files: readonly PolicyFile[]
  readonly problems: readonly Problem[]
  /** Changes when a document is added, removed or written; the same before and after a reading that nothing disturbed. */
  readonly signature: string
}

const LARGEST_FOLDER_BYTES = 64 * LARGEST_FILE_BYTES

export async function readPolicyFolder(directory: string): Promise<PolicyFolder> {
  const listed = await listPolicyFolder(directory)
  const { entries, signature } = listed
  const problems = [...listed.problems]
  const files: PolicyFile[] = []
  for (const { file, sizeBytes } of entries) {
    if (sizeBytes > LARGEST_FILE_BYTES) {
      const says = `the file has ${sizeBytes} bytes; at most ${LARGEST_FILE_BYTES} are read. Split it into several files.`
      problems.push(fileProblem(file, says))
      continue
    }
    try {
      // Not valid UTF-8 is refused: a replaced character could change a name and still compile.
      files.push({
        file,
        text: new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)),
      })
    } catch (error) {
      problems.push(fileProblem(file, unreadable(error)))
    }
  }
  return { files, problems, signature }
}

interface Entry {
  readonly file: string
  readonly sizeBytes: number
}

/** The documents of a folder without their text: cheap enough to look at every few seconds. */
export async function listPolicyFolder(
  directory: string,
): Promise<{ entries: readonly Entry[]; problems: readonly Problem[]; signature: string }> {
  const nothing = (says: string) => ({
    entries: [],
    problems: [fileProblem(directory, says)],
    signature: says,
  })
  const names = await policyNames(directory)
  if ('says' in names) return nothing(names.says)
  if (names.length > MOST_DOCUMENTS)
    return nothing(`${names.length} files in this folder; at most ${MOST_DOCUMENTS} are read`)
  const entries: Entry[] = []
  const problems: Problem[] = []
  const marks: string[] = []
  for (const name of names) {
    const file = join(directory, name)
    try {
      const { size, ino, mtimeMs, ctimeMs, ...kind } = await statOf(file)
      marks.push([name, size, ino, mtimeMs, ctimeMs].join(':'))
      if (kind.isFile) entries.push({ file, sizeBytes: size })
      else if (!kind.isDirectory)
        problems.push(fileProblem(file, 'not a file; a document must be one'))
    } catch (error) {
      marks.push(`${name}:${unreadable(error)}`)
      problems.push(fileProblem(file, unreadable(error)))
    }
  }
  if (entries.length + problems.length === 0)
    return nothing(
      'no policy documents in this folder; expected at least one file that ends in .yaml or .yml',
    )
  if (entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > LARGEST_FOLDER_BYTES)
    return nothing(`the documents have more than ${LARGEST_FOLDER_BYTES} bytes together`)
  return { entries, problems, signature: marks.join('\n') }
}

async function statOf(file: string) {
  const found = await stat(file)
  const { size, ino, mtimeMs, ctimeMs } = found
  return { size, ino, mtimeMs, ctimeMs, isFile: found.isFile(), isDirectory: found.isDirectory() }
}

async function policyNames(directory: string): Promise<string[] | { readonly says: string }> {
  try {
    const names = await readdir(directory)
    // Files that begin with a dot are what editors and mounts leave beside the documents.
    return names.filter(name => /\.ya?ml$/i.test(name) && !name.startsWith('.')).sort()
  } catch (error) {
    return { says: unreadable(error) }
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist; name a folder that holds policy documents',
  ENOTDIR: 'is not a folder; name a folder that holds policy documents',
  EACCES: 'may not be read by this process; check its permissions',
  EPERM: 'may not be read by this process; check its permissions',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not text in UTF-8; save it again as UTF-8',
}

function unreadable(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  return REASONS[code] ?? `cannot be read: ${message}`
}
