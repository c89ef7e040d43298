/**
 * Looks at counters every few seconds while somebody may activate: of all mailboxes where one answer tells of
 * them all or they are few, else of those whose users may activate and nothing better watches.
 */
import type { MailAddress } from '#kernel/brand.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { makeLoop } from '../loop.ts'
import { inboxOf, junkOf, type WatchContext } from './context.ts'
import type { Pass } from './pass.ts'

export interface PollOptions {
  /** 0: never. */
  readonly pauseMs: number
  /** Whether something better tells of this user's inbox. */
  isCovered(owner: MailAddress): boolean
}

/** However long passes take, the mail server then has twice as long for others. */
const restFactor = 2
/** While nobody may activate, there is time. */
const quietFactor = 10
/** So many the service account asks for one by one in a fifth of a second, over one connection. */
const statusAllMax = 1_000
/** A Junk folder mostly costs a log-in of its own, and an inbox that is opened more than a look at its counters. */
const closePauseMs = 30_000

export function startPoll(
  context: WatchContext,
  pass: Pass,
  options: PollOptions,
): { close(): Promise<void> } {
  const { clock, grants, log } = context
  if (options.pauseMs === 0) return { close: async () => {} }
  let dueAtMs = clock.monotonicMs() + options.pauseMs
  let closeDueAtMs = clock.monotonicMs() + closePauseMs
  let lastTookMs = 0

  const loop = makeLoop({
    clock,
    // Where nothing is polled, something may be later.
    dueInMs: async () => (context.ladder.look() === null ? options.pauseMs : dueAtMs - clock.monotonicMs()),
    pass: async () => {
      const startedMs = clock.monotonicMs()
      if (startedMs < dueAtMs || context.ladder.look() === null) return 0
      const live = await grants.live()
      await pass.look(await inboxesToPoll(context, live, options))
      if (startedMs >= closeDueAtMs) {
        await pass.look([...live].flatMap((owner) => junkOf(context, owner)))
        readInboxes(context, live)
        closeDueAtMs = clock.monotonicMs() + closePauseMs
      }
      const tookMs = Math.round(clock.monotonicMs() - startedMs)
      log.debug({ tookMs }, 'the counters were looked at')
      const pauseMs = live.size > 0 ? options.pauseMs : options.pauseMs * quietFactor
      // One slow pass, as over a server's cold indexes, says nothing of the next.
      dueAtMs = clock.monotonicMs() + Math.max(pauseMs, Math.min(tookMs, lastTookMs) * restFactor)
      lastTookMs = tookMs
      return 0
    },
    onError: (error) => log.debug({ code: faultCodeOf(error) }, 'a look at the counters broke off'),
  })
  const stopListening = grants.onChange(() => {
    dueAtMs = Math.min(dueAtMs, clock.monotonicMs() + options.pauseMs)
    loop.poke()
  })
  return {
    close: () => {
      stopListening()
      return loop.close()
    },
  }
}

/**
 * Counters may tell nothing of mail that another program has put into a mailbox (Dovecot's do not, where it takes itself
 * for the only one); a mailbox that is opened tells of all. So those whose users may activate are opened now and then.
 */
function readInboxes({ news }: WatchContext, live: ReadonlySet<MailAddress>): void {
  for (const owner of live) news.add(inboxOf(owner), 'scan')
}

async function inboxesToPoll(
  context: WatchContext,
  live: ReadonlySet<MailAddress>,
  { isCovered }: PollOptions,
) {
  const look = context.ladder.look()
  const served = await context.served()
  const all = look === 'list_status' || (look === 'status' && served.length <= statusAllMax)
  const owners = all ? served : [...live].filter((owner) => !isCovered(owner))
  return owners.map(inboxOf)
}
