// Bytes that nobody should send, from callers and from tool servers, against a router as it is deployed. `--for=10m` for longer,
// `--seed=N` again, `--replay=FILE` one case that was kept.

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mustParseDuration } from '#foundation/duration.ts'
import { openFuzzRig } from '#test/support/fuzz/fuzz-rig.ts'
import { fuzz, readCase, tryCase } from '#test/support/fuzz/fuzz-run.ts'
import { tellFuzz } from '#test/support/fuzz/tell-fuzz.ts'
import { tellStory } from '#test/support/story.ts'

const { values } = parseArgs({
  options: {
    for: { type: 'string', default: '30s' },
    seed: { type: 'string' },
    replay: { type: 'string' },
  },
})
const seed =
  values.seed === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(values.seed)
const { replay } = values

if (replay === undefined) {
  await tellStory(
    `bytes that nobody should send, for ${values.for}, --seed=${seed}`,
    async story => {
      const rig = await openFuzzRig(seed)
      story.later(rig.close)
      const result = await fuzz(rig, {
        seed,
        forMs: mustParseDuration(values.for),
        folder: join(tmpdir(), 'ringmain-fuzz'),
      })
      await tellFuzz(story, rig, result)
    },
  )
} else {
  await tellStory(`once more: ${replay}`, async story => {
    const one = readCase(replay)
    const rig = await openFuzzRig(one.seed)
    story.later(rig.close)
    const sessions = await rig.sessions()
    const { verdict, outcome } = await tryCase(rig, one, { index: 0, sessions })
    story.tell('what came back', JSON.stringify(outcome.bytes.toString('latin1').slice(0, 4_000)))
    story.hold('the case', verdict.wrong ?? 'is answered well', verdict.wrong === undefined)
    const complaint = rig.complaint()
    story.hold('the router', complaint ?? 'has nothing to say', complaint === undefined)
  })
}
