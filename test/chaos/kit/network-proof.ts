// Shows, from inside a network namespace of its own, that each fault of the network does what its name says: one line of JSON.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { inOwnNetwork } from '#test/support/own-network.ts'
import { blackhole, halfOpen, loss, rejectWithReset } from './network-faults.ts'
import { startFarEnd } from './wire.ts'

/** A fault that drops packets is told by silence; what is not silent on loopback answers within a millisecond. */
const SILENCE_MS = 300
/** With nine of ten packets lost no dozen connections in a row are all quick: the first packet is sent again after a second. */
const TRIES = 12

type Fate = 'answered' | 'silent' | 'unconnected' | 'ECONNREFUSED' | 'ECONNRESET' | 'lost'

async function fateOf(socket: Socket): Promise<Fate> {
  const quiet = AbortSignal.timeout(SILENCE_MS)
  try {
    if (socket.connecting) await once(socket, 'connect', { signal: quiet })
    socket.write('?')
    await once(socket, 'data', { signal: quiet })
    return 'answered'
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException
    if (name === 'AbortError') return socket.connecting ? 'unconnected' : 'silent'
    return code === 'ECONNREFUSED' || code === 'ECONNRESET' ? code : 'lost'
  }
}

async function fresh(port: number): Promise<Fate> {
  const socket = connect(port, '127.0.0.1')
  const fate = await fateOf(socket)
  socket.destroy()
  return fate
}

if (await inOwnNetwork(import.meta.filename)) {
  const far = await startFarEnd(heard => heard)
  const proofs: Record<string, readonly Fate[]> = {}
  for (const lay of [blackhole, halfOpen, rejectWithReset]) {
    const standing = connect(far.port, '127.0.0.1')
    const before = await fateOf(standing)
    const fault = lay(far.port)
    const during = await fateOf(standing)
    const anew = await fresh(far.port)
    fault.lift()
    fault.lift() // again is nothing
    standing.destroy()
    proofs[lay.name] = [before, during, anew, await fresh(far.port)]
  }
  const lossy = loss(far.port, 90)
  const fates: Fate[] = []
  for (let count = 0; count < TRIES; count += 1) fates.push(await fresh(far.port))
  lossy.lift()
  proofs['loss'] = [...new Set(fates.filter(fate => fate !== 'answered')), await fresh(far.port)]
  console.log(JSON.stringify(proofs))
  await far.close()
}
