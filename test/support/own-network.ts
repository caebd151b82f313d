// Runs the script again inside a network namespace of its own, with buffers as small as an exposed machine should have them. Linux, as root.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'

const MARK = 'RINGMAIN_OWN_NETWORK'
/** Least, usual and most bytes that the kernel keeps of what one connection has not taken yet. Its own most is 4 MB. */
const WRITE_BUFFER = '4096 16384 131072'

/** False when the script was run again inside, and is over: nothing is left to do out here. */
export async function inOwnNetwork(file: string): Promise<boolean> {
  if (process.env[MARK] === '1') {
    writeFileSync('/proc/sys/net/ipv4/tcp_wmem', WRITE_BUFFER)
    return true
  }
  const command = 'ip link set lo up && exec "$0" "$@"'
  const words = [process.execPath, file, ...process.argv.slice(2)]
  const child = spawn('unshare', ['--net', 'sh', '-c', command, ...words], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: '1' },
  })
  const end = (): boolean => child.kill('SIGTERM')
  process.once('exit', end)
  const [code] = (await once(child, 'exit')) as [number | null]
  process.off('exit', end)
  process.exitCode = code ?? 1
  return false
}
