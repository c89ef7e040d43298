// Mails made to hurt: after each the victim activates all the same, and the server has stayed small.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertActivates } from '../support/e2e-handheld.ts'
import { handOn } from '../support/e2e-site.ts'
import { hostileMails } from '../support/hostile-mails.ts'
import { startPostkey } from '../support/postkey.ts'
import { peakMemory } from '../support/server-memory.ts'

/**
 * An idle server has about 200 MiB and the reading thread may take 96 more. A mail of 20 MB is in memory about ten times
 * while it is received, stored and described: the server had 494 MiB after it, on a machine with other work.
 */
const peakBytesMax = 640 * 1_024 * 1_024

test('no mail keeps its victim from activating, or makes the server large', {
  timeout: 170_000,
}, async (t) => {
  const postkey = await startPostkey(t)
  const before = peakMemory(postkey.process.pid)
  let number = 0
  for (const [name, make] of Object.entries(hostileMails)) {
    await t.test(name, async () => {
      number += 1
      const victim = `victim${number}@example.test`
      const password = await postkey.addUser(victim)
      await handOn(postkey.ports.smtp, victim, Buffer.from(make()))
      await assertActivates(postkey, victim, password)
    })
  }
  const peak = peakMemory(postkey.process.pid)
  const mib = (bytes: number): number => Math.round(bytes / 1_024 / 1_024)
  t.diagnostic(
    `peak memory of the server: ${mib(before)} MiB at its start, ${mib(peak)} MiB after ${number} mails`,
  )
  assert(peak < peakBytesMax, `${mib(peak)} MiB`)
  const errors = postkey
    .log()
    .split('\n')
    .filter((line) => /internal\.|uncaught|unhandled/i.test(line))
  assert.deepEqual(errors, [])
})
