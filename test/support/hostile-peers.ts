/** One server after the other attack: after each an honest activation completes, and the server has stayed small. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { assertActivates } from './e2e-handheld.ts'
import { type Postkey, startPostkey } from './postkey.ts'
import { peakMemory } from './server-memory.ts'

/**
 * What is done to the server, or to this user of it, before the user activates. What it returns is done afterwards, so
 * that an attack can go on beside the activation.
 */
export type Attack = (
  postkey: Postkey,
  victim: string,
  t: TestContext,
) => Promise<(() => Promise<void>) | void>

const mib = (bytes: number): number => Math.round(bytes / 1_024 / 1_024)

/** @param peakMibMax the most the server may ever have had resident */
export function testAttacks(
  what: string,
  peakMibMax: number,
  attacks: Readonly<Record<string, Attack>>,
): void {
  test(what, { timeout: 170_000 }, async (t) => {
    const postkey = await startPostkey(t)
    const before = peakMemory(postkey.process.pid)
    let number = 0
    for (const [name, attack] of Object.entries(attacks)) {
      await t.test(name, async (t) => {
        number += 1
        const victim = `victim${number}@example.test`
        const password = await postkey.addUser(victim)
        const afterwards = await attack(postkey, victim, t)
        const began = performance.now()
        await assertActivates(postkey, victim, password)
        const took = Math.round(performance.now() - began)
        await afterwards?.()
        t.diagnostic(`activated in ${took} ms; peak memory ${mib(peakMemory(postkey.process.pid))} MiB`)
      })
    }
    const peak = mib(peakMemory(postkey.process.pid))
    t.diagnostic(
      `peak memory of the server: ${mib(before)} MiB at its start, ${peak} MiB after ${number} attacks`,
    )
    assert(peak < peakMibMax, `${peak} MiB`)
    const log = postkey.log().split('\n')
    assert.deepEqual(
      log.filter((line) => /internal\.|uncaught|unhandled/i.test(line)),
      [],
    )
  })
}
