/** What a handheld should have and does not: as `handheld show`, `policy preview`, `book list` and `status` say it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addHandheld } from './handheld-at-work.ts'
import { openInstallation, startMs } from './installation.ts'

const hourMs = 3_600_000

async function owing() {
  const site = openInstallation({ cutOffMs: hourMs })
  const { pin, userId } = await addHandheld(site.store, startMs)
  site.clock.advance(1_000)
  const nowMs = site.clock.nowMs()
  const [id] = await site.store.queue.add([{ pin, userId, kind: 'policy', digest: 'new', nowMs }])
  assert(id)
  const look = async () => {
    const [shown, preview] = [await site.admin.handhelds.show(pin), await site.admin.policies.preview(pin)]
    const waiting = preview.handhelds[0]?.waiting
    assert.deepEqual(shown.policyOwed, waiting, 'both say the same')
    return shown
  }
  const attention = async () =>
    (await site.admin.status()).checks
      .filter(({ name }) => name === 'queue' || name === 'cut off')
      .map(({ name, code, says }) => [name, code, says])
  return { site, pin, userId, id, look, attention }
}

test('a policy on its way is owed, for too long it cuts off, and applied it is owed no more', async () => {
  const { site, pin, id, look, attention } = await owing()
  const fresh = await look()
  assert.deepEqual([fresh.policyOwed?.id, fresh.booksOwed, fresh.isCutOff], [id, null, false])
  assert.deepEqual([fresh.policyName, fresh.queue.map((item) => item.id)], ['default', [id]])
  assert.deepEqual(await attention(), [])
  site.clock.advance(hourMs - 1)
  assert.deepEqual([(await look()).isCutOff, await attention()], [false, []])
  site.clock.advance(1)
  assert.equal((await look()).isCutOff, true)
  const says = `1 handheld gets no mail for want of the policy, longest ${pin}.`
  assert.deepEqual(await attention(), [['cut off', 'policy.cut_off', says]])
  await site.store.queue.change({ id, nowMs: site.clock.nowMs(), state: 'done', number: 2 })
  const done = await look()
  assert.deepEqual([done.policyOwed, done.isCutOff, done.queue], [null, false, []])
  assert.deepEqual(await attention(), [])
  await site.close()
})

test('a refused policy is named by status, and cuts off like one that is not applied', async () => {
  const { site, pin, id, look, attention } = await owing()
  const nowMs = site.clock.nowMs()
  await site.store.queue.change({ id, nowMs, state: 'refused', code: 'policy.refused', number: 2 })
  const says = `Queued for handhelds: 1 refused, 0 set aside, newest ${pin}.`
  assert.deepEqual(await attention(), [['queue', 'policy.refused', says]])
  assert.equal((await look()).policyOwed?.code, 'policy.refused')
  site.clock.advance(hourMs)
  assert.equal((await look()).isCutOff, true)
  await site.close()
})

test('a cancelled policy is still owed, unless the handheld had applied it; a new activation owes nothing', async () => {
  const { site, pin, id, look } = await owing()
  const nowMs = site.clock.nowMs()
  await site.store.queue.change({ id, nowMs, state: 'out', number: 2, tried: 'sent' })
  const cancelled = await site.admin.queue.cancel(id)
  assert.match(cancelled.next, new RegExp(`postkey queue resend ${id}`))
  assert.equal((await look()).policyOwed?.state, 'cancelled')
  await site.store.activations.commit({ nowMs, account: { kind: 'applied', pin, what: 'policy', number: 2 } })
  assert.equal((await look()).policyOwed, null)
  site.clock.advance(1_001)
  await addHandheld(site.store, site.clock.nowMs(), pin)
  assert.equal((await look()).policyOwed, null)
  await site.close()
})

test('what the handheld had, or was not given, is owed from when it is sent after all; what it refused, from before', async () => {
  for (const state of ['done', 'cancelled', 'set_aside', 'refused'] as const) {
    const { site, id, look } = await owing()
    await site.store.queue.change({ id, nowMs: site.clock.nowMs(), state, number: 2 })
    site.clock.advance(7 * hourMs)
    await site.admin.queue.resend(id)
    assert.equal((await look()).isCutOff, state === 'refused', state)
    site.clock.advance(hourMs)
    assert.equal((await look()).isCutOff, true, state)
    await site.close()
  }
})

test('a wipe is shown from when it was taken, and an ended account owes nothing', async () => {
  const { site, pin, userId, look } = await owing()
  const nowMs = site.clock.nowMs()
  const wipe = { pin, userId, kind: 'command', command: 'wipe', sealed: new Uint8Array(1), nowMs } as const
  const [id] = await site.store.queue.add([wipe])
  assert(id)
  await site.store.queue.change({ id, nowMs, state: 'done' })
  await site.store.activations.commit({
    nowMs,
    account: { kind: 'wipe', pin, item: id, atMs: nowMs + 60_000 },
  })
  assert.deepEqual([(await look()).wipeAtMs, (await look()).wipedAtMs], [nowMs + 60_000, null])
  assert.match((await site.admin.queue.show(id)).says, /has taken it/)
  site.clock.advance(60_000)
  await site.store.queue.endWiped(site.clock.nowMs())
  const ended = await site.admin.handhelds.show(pin)
  assert.deepEqual([ended.state, ended.wipeAtMs, ended.wipedAtMs], ['wiped', null, nowMs])
  assert.deepEqual(
    [ended.policyName, ended.policyOwed, ended.queue, ended.masterKeyId],
    [null, null, [], null],
  )
  await site.close()
})
