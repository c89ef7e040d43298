/** The process started again: what was on disk is taken up where it stood. */
import { decodeBookSet } from '#protocol/service-book.ts'
import { readServices, showServices } from './books.ts'
import { newRing, resumeRing } from './keys.ts'
import { resumeLink } from './link.ts'
import { linkTexts } from './login.ts'
import { judgeHeld } from './packets.ts'
import { screenOf, screens } from './screen.ts'
import { resumeSilence } from './silence.ts'
import type { Account, HandheldState, Repeat, Run } from './state.ts'
import { change, display, show, type Turn } from './turn.ts'
import { behindLock } from './unlock.ts'
import { inOurTime as wipeInOurTime, wipeTimer } from './wipe.ts'

export function onRestart(turn: Turn): void {
  const { account, run, outbox, lock } = turn.state
  change(turn, {
    online: false,
    offlineDueMs: null,
    ...(isUnread(turn.state) ? {} : { screen: noNews(turn.state), screenCode: null }),
    run: run && resumed(inOurTime(run, turn.nowMs)),
    account: account && {
      ...account,
      link: resumeLink(account.link),
      keys: account.keys ? resumeRing(account.keys, turn.nowMs) : newRing(turn.nowMs, turn.random, []),
      repeat: account.repeat && quiet(account.repeat),
      silence: resumeSilence(account, turn.nowMs),
      wipe: account.wipe && wipeInOurTime(account.wipe, turn.nowMs),
    },
    lock: { ...lock, lastUsedAtMs: Math.min(lock.lastUsedAtMs, turn.nowMs) },
    outbox: outbox.map((entry) => ({ ...entry, sent: false })),
  })
  wipeTimer(turn)
  showScreen(turn)
  judgeHeld(turn)
}

/** A code that came behind the lock. What it says of the line to the relay was true for that line only. */
const isUnread = ({ lock, screen, screenCode }: HandheldState): boolean =>
  lock.locked && screenCode !== null && !linkTexts.includes(screen)

/** Why a handheld is empty stays to be read until it is used again. */
const erasedTexts: readonly string[] = [screens.erased, screens.organisationErased]

function noNews({ run, failure, account, screen }: HandheldState): string {
  if (run || failure) return ''
  if (account?.complete) return screens.complete
  return account === null && erasedTexts.includes(screen) ? screen : ''
}

/** Only what is under way: how an earlier run ended is no news. */
function showScreen(turn: Turn): void {
  const { run, account, lock } = turn.state
  if (lock.locked) display(turn, behindLock(turn.state))
  if (isUnread(turn.state)) return
  if (run) show(turn, screenOf(turn.state))
  else if (account?.complete === false) {
    show(turn, screens.verified)
    const services = account.stage === 'active' ? servicesOf(account) : null
    if (services) showServices(turn, services)
  }
}

/** A run that was begun later than now: the date was set back since, and its life goes with it. */
function inOurTime<R extends Run>(run: R, nowMs: number): R {
  const backMs = run.startedAtMs - nowMs
  if (backMs <= 0) return run
  return {
    ...run,
    startedAtMs: nowMs,
    endsAtMs: run.endsAtMs - backMs,
    hintDueMs: run.hintDueMs && run.hintDueMs - backMs,
  }
}

/** Nothing is repeated before the log-in, which repeats everything. */
function resumed(run: Run): Run {
  switch (run.stage) {
    case 'mailing':
    case 'waiting':
      return { ...run, askDueMs: null }
    case 'proving':
      return { ...run, repeat: quiet(run.repeat) }
    case 'confirming':
      return { ...run, link: resumeLink(run.link), repeat: quiet(run.repeat) }
  }
}

const quiet = (repeat: Repeat): Repeat => ({ ...repeat, dueMs: null })

function servicesOf({ books }: Account) {
  const set = books && decodeBookSet(books.content)
  return set?.ok ? readServices(set.value) : null
}
