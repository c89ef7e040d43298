import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FoundBy, makeNews } from '#agent/news.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { folderKey, type WatchedFolder } from '#mailbox/access.ts'

const inboxOf = (owner: string): WatchedFolder => ({ owner: `${owner}@x` as MailAddress, folder: 'INBOX' })
const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Scans that run until they are told how to end. */
function newsWith(
  scannersMax: number,
  clock: Clock = systemClock,
  lineOf: (watched: WatchedFolder) => string | null = () => null,
) {
  const begun: string[] = []
  const errors: string[] = []
  const ends: { done(): void; fail(): void }[] = []
  const news = makeNews({
    scannersMax,
    clock,
    random: systemRandom,
    lineOf,
    scan: (items, ended) => {
      begun.push(items.map(({ watched, foundBy }) => `${folderKey(watched)} ${foundBy}`).join(', '))
      return new Promise((resolve) => {
        const end = (error: unknown) => () => {
          for (const { watched } of items) ended(watched, error)
          resolve()
        }
        ends.push({ done: end(null), fail: end(new Error('no')) })
      })
    },
    onError: (watched) => errors.push(folderKey(watched)),
  })
  const end = async (how: 'done' | 'fail' = 'done') => {
    ends.shift()?.[how]()
    await turn()
  }
  return { news, begun, errors, end }
}

test('what is said many times of one mailbox is looked at once, and once more if it was said meanwhile', async () => {
  const { news, begun, end } = newsWith(1)
  const saying: readonly FoundBy[] = ['scan', 'scan']
  for (const foundBy of saying) news.add(inboxOf('a'), foundBy)
  for (const foundBy of ['scan', 'hint', 'idle', 'scan'] as const) news.add(inboxOf('a'), foundBy)
  assert.deepEqual(begun, ['a@x/INBOX scan'])
  await end()
  assert.deepEqual(begun, ['a@x/INBOX scan', 'a@x/INBOX hint'])
  await end()
  assert.partialDeepStrictEqual(news.stats(), { news: 0, scanning: 0 })
  assert.equal(begun.length, 2)
  await news.close()
})

test('several mailboxes are read at once, one mailbox never twice at once', async () => {
  const { news, begun, end } = newsWith(2)
  for (const owner of ['a', 'b', 'a', 'c']) news.add(inboxOf(owner), 'scan')
  assert.deepEqual(begun, ['a@x/INBOX scan', 'b@x/INBOX scan'])
  assert.partialDeepStrictEqual(news.stats(), { news: 1, scanning: 2 })
  for (let left = 4; left > 0; left -= 1) await end()
  assert.deepEqual(begun.slice(2), ['c@x/INBOX scan', 'a@x/INBOX scan'])
  await news.close()
})

test('a mailbox that fails is tried again later, or at once when a hint comes', async () => {
  const timers: (() => void)[] = []
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after: (_, fn) => {
      timers.push(fn)
      return () => timers.splice(timers.indexOf(fn), 1)
    },
  }
  const { news, begun, errors, end } = newsWith(1, clock)
  news.add(inboxOf('a'), 'idle')
  await end('fail')
  assert.deepEqual(errors, ['a@x/INBOX'])
  news.add(inboxOf('a'), 'scan')
  assert.equal(begun.length, 1)
  timers.shift()?.()
  assert.deepEqual(begun, ['a@x/INBOX idle', 'a@x/INBOX idle'])
  await end('fail')
  news.add(inboxOf('a'), 'hint')
  assert.equal(begun[2], 'a@x/INBOX hint')
  assert.equal(timers.length, 0)
  await end()
  await news.close()
})

test('a failing mailbox of somebody who is no longer served is given up', async () => {
  const timers = new Set<() => void>()
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after: (_, fn) => {
      timers.add(fn)
      return () => timers.delete(fn)
    },
  }
  const { news, end } = newsWith(1, clock)
  for (const owner of ['a', 'b']) {
    news.add(inboxOf(owner), 'scan')
    await end('fail')
  }
  news.keepOnly(new Set(['b@x' as MailAddress]))
  assert.equal(timers.size, 1)
  await news.close()
  assert.equal(timers.size, 0)
})

test('the end waits for running scans and begins no other', async () => {
  const { news, begun, end } = newsWith(1)
  news.add(inboxOf('a'), 'scan')
  news.add(inboxOf('b'), 'scan')
  let closed = false
  const closing = news.close().then(() => {
    closed = true
  })
  await turn()
  assert.equal(closed, false)
  await end()
  await closing
  news.add(inboxOf('c'), 'hint')
  assert.deepEqual(begun, ['a@x/INBOX scan'])
})

test('many mailboxes of one line are read in one go, and what is urgent before them', async () => {
  const { news, begun, end } = newsWith(1, systemClock, ({ owner }) => (owner === 'own@x' ? 'own' : ''))
  for (const owner of ['a', 'b', 'c', 'own', 'd']) news.add(inboxOf(owner), 'scan')
  news.add(inboxOf('d'), 'hint')
  assert.deepEqual(begun, ['a@x/INBOX scan', 'd@x/INBOX hint'])
  for (let left = 3; left > 0; left -= 1) await end()
  assert.deepEqual(begun.slice(2), ['b@x/INBOX scan, c@x/INBOX scan', 'own@x/INBOX scan'])
  await end()
  await news.close()
})

test('mailboxes that failed together are tried again one by one', async () => {
  const instant: Clock = { ...systemClock, after: (_delayMs, fn) => systemClock.after(0, fn) }
  const { news, begun, end } = newsWith(1, instant, () => '')
  for (const owner of ['a', 'b', 'c']) news.add(inboxOf(owner), 'scan')
  await end()
  await end('fail')
  await new Promise((resolve) => setTimeout(resolve, 5))
  assert.deepEqual(begun, ['a@x/INBOX scan', 'b@x/INBOX scan, c@x/INBOX scan', 'b@x/INBOX scan'])
  await end()
  assert.equal(begun.at(-1), 'c@x/INBOX scan')
  await end()
  await news.close()
})
