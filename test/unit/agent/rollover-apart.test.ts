/** Of many handhelds whose keys are due one cannot go on: the others do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeNumbers } from '#agent/numbers.ts'
import { keyContext } from '#agent/packets.ts'
import { lookAtRollovers } from '#agent/rollover/loop.ts'
import type { MailAddress, Pin } from '#kernel/brand.ts'
import { addHandheld } from '../admin/handheld-at-work.ts'
import { makeAgentWorld } from './agent-env.ts'

test('a key that does not open holds up no rollover of another handheld', async (t) => {
  const { env, nowMs } = makeAgentWorld(t)
  const { store, vault } = env
  const [damaged, good] = ['2100AB3F', '2100AB40'] as Pin[]
  for (const pin of [damaged, good] as Pin[]) {
    const address = `of-${pin.toLowerCase()}@example.test` as MailAddress
    await addHandheld(store, nowMs, pin, address, (of, kid) =>
      of === damaged ? new Uint8Array(64) : vault.seal(keyContext(of, kid), new Uint8Array(32)),
    )
  }
  await store.rollovers.want([damaged, good] as Pin[], nowMs)
  const { seq } = makeNumbers(store)
  assert.equal(await lookAtRollovers(env, seq), 1)
  assert.equal((await store.rollovers.of(good as Pin))?.phase, 'offered')
  assert.equal(await store.rollovers.of(damaged as Pin), null)
})
