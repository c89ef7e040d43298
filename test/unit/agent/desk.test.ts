/** The Policy Service's desk: what a handheld should have reaches it, in order, until it has answered. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { itemUndelivered } from '#agent/desk/item-answer.ts'
import { reconcileAll, reconcileOne } from '#agent/desk/reconcile.ts'
import { ackStatus, encodeNamesLeftOut } from '#protocol/ack.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { decodeBookSet } from '#protocol/service-book.ts'
import {
  answer,
  contentOf,
  day,
  items,
  makeKeys,
  out,
  policyIn,
  setDefault,
  settle,
  site,
} from './desk-site.ts'

before(makeKeys)

test('a changed policy is queued, signed and sent, and the books follow once it is applied', async (t) => {
  const at = await site(t)
  await setDefault(at, { allow_browser: false })
  assert.equal(await reconcileAll(at.env), 2, 'the policy, and the books without a browser')
  assert.equal(await reconcileAll(at.env), 0, 'what is queued is not queued twice')
  await settle(at)
  const [policyOut, ...none] = await out(at)
  assert(policyOut)
  assert.deepEqual(none, [], 'no books beside a policy')
  const policy = await policyIn(policyOut)
  assert.equal(policy.rules.get('allow_browser'), false)
  assert.deepEqual([policy.pin, policy.srpId, policy.policyId], [at.handheld.pin, 'S00000001', 'default'])
  await answer(at, policyOut, ackStatus.appliedInPart, encodeNamesLeftOut(['prepopulation_days']))
  await settle(at)
  const [booksOut] = await out(at)
  assert(booksOut)
  const { contentType, content } = contentOf(booksOut)
  assert.equal(contentType, contentTypes.serviceBook)
  const set = decodeBookSet(content)
  assert(set.ok)
  assert(!set.value.books.some(({ cid }) => cid === 'BrowserConfig'))
  assert(set.value.number > policy.number, 'one sequence for both')
  await answer(at, booksOut, ackStatus.applied)
  assert.deepEqual(
    (await items(at)).map(({ kind, state, leftOut }) => [kind, state, leftOut]),
    [
      ['books', 'done', []],
      ['policy', 'done', ['prepopulation_days']],
    ],
  )
  const [account] = await at.env.store.handhelds.byPin(at.handheld.pin)
  assert.deepEqual([account?.policy.applied, account?.books.applied], [policy.number, set.value.number])
  assert.equal(await reconcileOne(at.env, at.handheld.pin), 0, 'it has what it should have')
})

test('a policy changed again on its way goes under a higher number, and the older answer counts for nothing', async (t) => {
  const at = await site(t)
  await setDefault(at, { password_min_length: 6 })
  await reconcileAll(at.env)
  await settle(at)
  const [older] = await out(at)
  await setDefault(at, { password_min_length: 8 })
  await reconcileAll(at.env)
  await settle(at)
  const [newer] = await out(at)
  assert(older && newer && older.key !== newer.key)
  const [first, second] = [await policyIn(older), await policyIn(newer)]
  assert(second.number > first.number)
  await answer(at, older, ackStatus.applied)
  assert.equal((await items(at))[0]?.state, 'out')
  await answer(at, newer, ackStatus.applied)
  assert.equal((await items(at))[0]?.state, 'done')
})

test('books for which the handheld says that it has no policy bring the policy first, then the books', async (t) => {
  const at = await site(t)
  await at.env.store.policies.setBookRemoved(at.handheld.userId, 'CICAL', true)
  await reconcileAll(at.env)
  await settle(at)
  // The policy of the activation is another one too: it goes first.
  const [policy] = await out(at)
  assert(policy)
  await answer(at, policy, ackStatus.applied)
  await settle(at)
  const [books] = await out(at)
  assert(books)
  await answer(at, books, ackStatus.notNow)
  assert.equal(await reconcileOne(at.env, at.handheld.pin), 1)
  at.world.nowMs += 61_000
  await settle(at)
  const again = await out(at)
  assert.deepEqual(
    again.map(({ of }) => of),
    ['policy'],
  )
})

test('what was sent for seven days in vain is sealed anew under a new number, and keeps its code', async (t) => {
  const at = await site(t)
  await setDefault(at, { password_min_length: 6 })
  await reconcileAll(at.env)
  await settle(at)
  const [old] = await out(at)
  assert(old)
  const policyItem = async () => (await items(at)).find(({ kind }) => kind === 'policy')
  const item = await policyItem()
  at.world.nowMs += 7 * day
  await itemUndelivered(at.env, item?.id ?? 0, old.key)
  await settle(at)
  const [now] = await out(at)
  assert(now && now.key !== old.key)
  assert((await policyIn(now)).number > (await policyIn(old)).number)
  const after = await policyItem()
  assert.deepEqual([after?.state, after?.code, after?.tries], ['out', 'packet.undelivered', 2])
  await itemUndelivered(at.env, after?.id ?? 0, old.key)
  assert.equal((await policyItem())?.state, 'out', 'the end of an older packet says nothing')
})
