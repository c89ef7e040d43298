/**
 * The safety net under everything else: every served mailbox is looked at on a fresh connection, against the
 * cursors in the store, once in the scan interval. What all others have missed is found here.
 */
import { faultCodeOf } from '#kernel/fault.ts'
import { type Loop, makeLoop } from '../loop.ts'
import { inboxOf, junkOf, type WatchContext } from './context.ts'
import type { Pass } from './pass.ts'

/** The first pass begins at once. A pass that breaks off is begun again by and by. */
export function startInterval(context: WatchContext, pass: Pass, intervalMs: number): Loop {
  const { clock, log } = context
  let dueAtMs = clock.monotonicMs()
  let first = true
  return makeLoop({
    clock,
    dueInMs: async () => dueAtMs - clock.monotonicMs(),
    pass: async () => {
      const startedMs = clock.monotonicMs()
      if (startedMs < dueAtMs) return 0
      const queuedBefore = context.news.stats().queued
      await safetyPass(context, pass, startedMs)
      dueAtMs = startedMs + intervalMs
      // Each mailbox that is queued costs a FETCH; what a restart costs is what somebody wants to know.
      const fetches = context.news.stats().queued - queuedBefore
      const tookMs = Math.round(clock.monotonicMs() - startedMs)
      const fields = { mailboxes: context.mailboxes.state().watched, fetches, tookMs }
      if (first) log.info(fields, 'all mailboxes were looked at for the first time')
      else log.debug(fields, 'all mailboxes were looked at')
      first = false
      return 0
    },
    onError: (error) => log.warn({ code: faultCodeOf(error) }, 'a pass over all mailboxes broke off'),
  })
}

async function safetyPass(context: WatchContext, pass: Pass, startedMs: number): Promise<void> {
  const owners = await context.served()
  const live = await context.grants.live()
  const served = new Set(owners)
  context.ladder.watched(owners.length)
  context.mailboxes.keepOnly(served)
  context.news.keepOnly(served)
  await context.mailboxes.load()
  const folders = owners.flatMap((owner) => [
    inboxOf(owner),
    ...(live.has(owner) ? junkOf(context, owner) : []),
  ])
  await pass.look(folders, { openedAfterMs: startedMs })
  await context.mailboxes.flush()
}
