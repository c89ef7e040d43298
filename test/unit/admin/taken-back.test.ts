/** What is taken back: wipes, items of the queue, service books; and what the answers say of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeAdmin } from '#admin/make-admin.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import { addHandheld } from './handheld-at-work.ts'
import { openInstallation, startMs } from './installation.ts'

async function atWork() {
  const site = openInstallation()
  const { pin, userId } = await addHandheld(site.store, startMs)
  site.clock.advance(1_000)
  const { store, clock } = site
  const sent = (id: number) =>
    store.queue.change({
      id,
      nowMs: clock.nowMs(),
      state: 'out',
      number: 5,
      deliveryKey: `k${id}`,
      tried: 'sent',
    })
  return { ...site, pin, userId, sent }
}

test('a wipe that was not sent leaves the queue, and nothing more is sent', async () => {
  const { admin, pin, close } = await atWork()
  const { id } = await admin.handhelds.wipe(pin)
  const back = await admin.handhelds.cancelWipe(pin)
  assert.deepEqual([back.id, back.state], [id, 'cancelled'])
  assert.deepEqual(await admin.queue.list({}), [])
  await close()
})

test('a wipe that was sent is taken back by a command, and what it can still do is said', async () => {
  const { admin, pin, sent, close } = await atWork()
  const { id } = await admin.handhelds.wipe(pin)
  await sent(id)
  const back = await admin.handhelds.cancelWipe(pin)
  assert.deepEqual([back.command, back.state, back.waitsFor], ['cancel_wipe', 'waiting', null])
  assert.match(
    (await admin.queue.show(id)).says,
    /called back.* a copy at the relay may still reach the handheld/,
  )
  await close()
})

test('a wipe that was sent is taken back also where it was told to go again, or a newer one has not gone yet', async () => {
  for (const way of ['resend', 'newer'] as const) {
    const { admin, pin, sent, close } = await atWork()
    const { id } = await admin.handhelds.wipe(pin)
    await sent(id)
    if (way === 'resend') await admin.queue.resend(id)
    else await admin.handhelds.wipe(pin, { afterMinutes: 60 })
    const back = await admin.handhelds.cancelWipe(pin)
    assert.deepEqual([back.command, back.state], ['cancel_wipe', 'waiting'], way)
    assert.match((await admin.queue.show(id)).says, /may still reach the handheld/)
    assert.deepEqual(
      (await admin.queue.list({})).map((item) => item.command),
      ['cancel_wipe'],
      'nothing else is sent any more',
    )
    await close()
  }
})

test('a wipe that waits on the handheld is taken back with the newer one that has not gone yet', async () => {
  const { admin, store, clock, pin, close } = await atWork()
  const { id } = await admin.handhelds.wipe(pin, { afterMinutes: 60 })
  const nowMs = clock.nowMs()
  await store.activations.commit({
    nowMs,
    item: { id, nowMs, state: 'done' },
    account: { kind: 'wipe', pin, item: id, atMs: nowMs + 3_600_000 },
  })
  await admin.handhelds.wipe(pin)
  assert.equal((await admin.handhelds.cancelWipe(pin)).command, 'cancel_wipe')
  await close()
})

test('a wipe that goes at the very moment it is taken out of the queue is taken back by a command', async () => {
  const { store, parts, pin, sent, close } = await atWork()
  const cancel: typeof store.queue.cancel = async (id, nowMs) => {
    await sent(id)
    return store.queue.cancel(id, nowMs)
  }
  const queue = new Proxy(store.queue, {
    get: (of, name) => (name === 'cancel' ? cancel : Reflect.get(of, name)),
  })
  const admin = makeAdmin({ ...parts, store: { ...store, queue } })
  await admin.handhelds.wipe(pin)
  assert.equal((await admin.handhelds.cancelWipe(pin)).command, 'cancel_wipe')
  await close()
})

test('a wipe that could not be made, and was set aside, can be taken back as one that was not sent', async () => {
  const { admin, store, clock, pin, close } = await atWork()
  const { id } = await admin.handhelds.wipe(pin)
  await store.queue.change({ id, nowMs: clock.nowMs(), state: 'set_aside', code: 'queue.set_aside' })
  const back = await admin.handhelds.cancelWipe(pin)
  assert.deepEqual([back.id, back.state], [id, 'cancelled'])
  await close()
})

test('where no wipe was ordered none is taken back', async () => {
  const { admin, pin, close } = await atWork()
  await assert.rejects(admin.handhelds.cancelWipe(pin), { code: 'handheld.no_wipe' })
  await close()
})

test('an item that was taken out after it was sent says that it may still arrive, and that it did', async () => {
  const { admin, store, clock, pin, sent, close } = await atWork()
  const { id } = await admin.handhelds.lock(pin)
  await sent(id)
  await assert.rejects(admin.queue.cancel(id), { code: 'queue.guarded' })
  const cancelled = await admin.queue.cancelGuarded(id)
  assert.match(cancelled.says, /may still reach the handheld/)
  const nowMs = clock.nowMs()
  await store.queue.change({ id, nowMs, state: 'done' })
  assert.equal((await admin.queue.show(id)).state, 'cancelled')
  await store.queue.change({ id, nowMs, state: 'done', late: true })
  assert.equal((await admin.queue.show(id)).state, 'done')
  await close()
})

test('a wipe that was carried out, or forgotten again, is said to be', async () => {
  const { admin, store, clock, pin, close } = await atWork()
  const { id } = await admin.handhelds.wipe(pin, { afterMinutes: 5 })
  const done = async (item: number, atMs: number | null) =>
    store.activations.commit({
      nowMs: clock.nowMs(),
      item: { id: item, nowMs: clock.nowMs(), state: 'done' },
      account: { kind: 'wipe', pin, item, atMs },
    })
  await done(id, clock.nowMs() + 300_000)
  assert.match((await admin.queue.show(id)).says, /erases itself when its time has come/)
  const back = await admin.handhelds.cancelWipe(pin)
  await done(back.id, null)
  assert.match((await admin.queue.show(id)).says, new RegExp(`forgot it again by item ${back.id}`))
  const last = await admin.handhelds.wipe(pin)
  await done(last.id, clock.nowMs())
  await store.queue.endWiped(clock.nowMs())
  assert.match((await admin.queue.show(last.id)).says, /has erased itself/)
  await close()
})

test('what is said of a wipe that was carried out is not what became of a later one, after the handheld was activated anew', async () => {
  const { admin, store, clock, pin, close } = await atWork()
  const take = async (waitMinutes: number) => {
    const { id } = await admin.handhelds.wipe(pin, { afterMinutes: waitMinutes })
    const nowMs = clock.nowMs()
    const item = { id, nowMs, state: 'done' } as const
    const atMs = nowMs + waitMinutes * 60_000
    await store.activations.commit({ nowMs, item, account: { kind: 'wipe', pin, item: id, atMs } })
    return id
  }
  const first = await take(0)
  await store.queue.endWiped(clock.nowMs())
  clock.advance(1_001)
  await addHandheld(store, clock.nowMs(), pin)
  clock.advance(1_000)
  const later = await take(5)
  const says = async (id: number) => (await admin.queue.show(id)).says
  assert.match(await says(later), /erases itself when its time has come/)
  assert.match(await says(first), /was activated anew since/)
  const back = await admin.handhelds.cancelWipe(pin)
  await store.activations.commit({
    nowMs: clock.nowMs(),
    item: { id: back.id, nowMs: clock.nowMs(), state: 'done' },
    account: { kind: 'wipe', pin, item: back.id, atMs: null },
  })
  assert.match(await says(later), /forgot it again/)
  assert.match(await says(first), /was activated anew since/)
  await close()
})

test('books that an activation is to bring are not queued beside it, where they could not be made', async () => {
  const { admin, store, clock, userId, close } = await atWork()
  const pin = '2100AB40' as Pin
  const txn = 'f'.repeat(32) as ActivationId
  const device = { model: 'Acme 90', software: '1.0', platform: 'test', deviceKey: '00'.repeat(32) }
  const account = { pin, userId, txn, ...device, activatedAtMs: clock.nowMs() }
  const nowMs = clock.nowMs()
  await store.activations.commit({ nowMs, account: { kind: 'activated', account, perUserMax: 2 } })
  const sent = { kind: 'sent', pin, what: 'books', number: 3, digest: 'as it was' } as const
  await store.activations.commit({ nowMs, account: sent })
  const { isOwed, waiting } = await admin.books.resend(pin)
  assert.deepEqual([isOwed, waiting, await admin.queue.list({})], [true, null, []])
  const [known] = await store.handhelds.byPin(pin)
  assert.equal(known?.books.digest, '', 'what it has is compared with what it should have')
  await close()
})

test('a book that was taken away or given back just now is owed, whatever older set waits', async () => {
  const { admin, pin, close } = await atWork()
  assert.equal((await admin.books.list(pin)).isOwed, false)
  const taken = await admin.books.remove(pin, 'CICAL')
  assert.deepEqual([taken.isOwed, taken.waiting], [true, null])
  const again = await admin.books.remove(pin, 'CICAL')
  assert.equal(again.isOwed, false, 'nothing has changed')
  assert.equal((await admin.books.restore(pin, 'CICAL')).isOwed, true)
  await close()
})

test('of several wipes each tells what became of it, and not what became of a later one', async () => {
  const { admin, store, clock, pin, userId, close } = await atWork()
  const says = async (id: number) => (await admin.queue.show(id)).says
  const taken = async (id: number) => {
    clock.advance(1_000)
    await store.queue.change({ id, nowMs: clock.nowMs(), state: 'done', number: id })
    return id
  }
  const wipe = async (afterMinutes: number) => taken((await admin.handhelds.wipe(pin, { afterMinutes })).id)
  const first = await wipe(60)
  const back = (
    await store.queue.add([
      {
        pin,
        userId,
        kind: 'command',
        command: 'cancel_wipe',
        sealed: new Uint8Array(1),
        nowMs: clock.nowMs(),
      },
    ])
  )[0]
  assert(back)
  await taken(back)
  const second = await wipe(60)
  const third = await wipe(0)
  clock.advance(1_000)
  await store.handhelds.end(pin, 'wiped', clock.nowMs())
  const told = async () => [await says(first), await says(second), await says(third)]
  const before = [
    `The handheld had taken it, and forgot it again by item ${back}.`,
    `The handheld had taken it; another wipe, item ${third}, took its place there.`,
  ]
  assert.deepEqual(await told(), [...before, 'The handheld has taken it, and has erased itself.'])
  clock.advance(1_000)
  await addHandheld(store, clock.nowMs(), pin)
  assert.deepEqual(await told(), [...before, 'The handheld had taken it, and was activated anew since.'])
  await close()
})

test('what took the place of an item is named, and a wipe that was sent and taken out can still be called back', async () => {
  const { admin, store, clock, pin, sent, close } = await atWork()
  const lock = await admin.handhelds.lock(pin)
  const wipe = await admin.handhelds.wipe(pin)
  assert.equal((await admin.queue.show(lock.id)).says, `Its place was taken by item ${wipe.id}.`)
  await sent(wipe.id)
  clock.advance(1_000)
  const back = await admin.handhelds.cancelWipe(pin)
  assert.match(
    (await admin.queue.show(wipe.id)).says,
    new RegExp(`called back by item ${back.id}\\. It had been sent`),
  )
  const again = await admin.handhelds.wipe(pin)
  await sent(again.id)
  assert.match(
    (await admin.queue.cancelGuarded(again.id)).next,
    /may still erase itself: call .* cancel-wipe/,
  )
  const last = await admin.handhelds.setOwner(pin, 'Acme')
  clock.advance(1_000)
  await store.handhelds.end(pin, 'removed', clock.nowMs())
  assert.equal((await admin.queue.show(last.id)).says, 'The account that it was for has ended.')
  await close()
})
