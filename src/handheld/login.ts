/** On the air and off it: after each log-in everything that may have been lost is said again. */

import { handheldText } from '#protocol/handheld-text.ts'
import { rollingAtLogin } from './closing.ts'
import { repeatPendingKeyCheck } from './confirming.ts'
import type { LinkDown, LoggedIn } from './event.ts'
import { resendOutbox } from './outbox.ts'
import { repeatM3 } from './proving.ts'
import { freshCopy } from './repeat.ts'
import { askMail } from './request.ts'
import { screenOf } from './screen.ts'
import { change, clockOffset, persist, sendPayload, sendPeers, show, showCode, type Turn } from './turn.ts'

/** A line that comes back at once is not worth a word. */
const offlineShownAfterMs = 30 * 1000
const cannotReach = 1
/** What is shown at once for a line that ended with a reason; a log-in takes it off the screen. */
const reasons = { refused: 20, version: 7, too_many: 17, untrusted: cannotReach } as const
export const linkTexts: readonly string[] = Object.values(reasons).map((code) => handheldText(code))

export function onLoggedIn(turn: Turn, event: LoggedIn): void {
  const { device } = turn.state
  const known = device.pin === event.pin && device.relayGeneration === event.generation
  change(turn, {
    online: true,
    offlineDueMs: null,
    device: {
      ...device,
      pin: event.pin,
      certificate: event.certificate,
      relayGeneration: event.generation,
      clockOffsetMs: clockOffset(turn, event.now),
    },
  })
  if (!known) persist(turn, 'login')
  if (linkTexts.includes(turn.state.screen)) show(turn, screenOf(turn.state))
  sendPeers(turn)
  repeatRun(turn)
  repeatAccountKeyCheck(turn)
  const restored = device.relayGeneration !== null && device.relayGeneration !== event.generation
  rollingAtLogin(turn, restored)
  resendOutbox(turn)
}

/**
 * No end of a line ends a run: the reason is shown, and the next log-in goes on. Where that needs a person's word, a
 * program without one ends here, and goes on when it is started again.
 */
export function onLinkDown(turn: Turn, event: LinkDown): void {
  change(turn, { online: false })
  if (event.reason !== 'unreachable') {
    const code = reasons[event.reason]
    change(turn, { offlineDueMs: null })
    if (turn.state.run || event.final) showCode(turn, code)
    if (event.final) turn.actions.push({ kind: 'ended', code, text: handheldText(code) })
    return
  }
  const due = turn.state.offlineDueMs
  const shown = turn.state.screen === handheldText(cannotReach)
  if (turn.state.run && due === null && !shown)
    change(turn, { offlineDueMs: turn.nowMs + offlineShownAfterMs })
}

export function offlineTimer(turn: Turn): void {
  const due = turn.state.offlineDueMs
  if (due === null || due > turn.nowMs) return
  change(turn, { offlineDueMs: null })
  showCode(turn, cannotReach)
}

/** Our key check under the current key, until the server shows by a later packet that it has seen it. */
export function repeatAccountKeyCheck(turn: Turn): void {
  const { account } = turn.state
  const to = account?.servers[0]
  if (!account?.repeat || !to) return
  const repeat = freshCopy(turn, account.repeat)
  change(turn, { account: { ...account, repeat } })
  sendPayload(turn, 'key_check', repeat.mid, to, account.link.keyCheck)
}

function repeatRun(turn: Turn): void {
  const { run } = turn.state
  switch (run?.stage) {
    case 'mailing':
    case 'waiting':
      askMail(turn)
      return
    case 'proving':
      repeatM3(turn, run)
      return
    case 'confirming':
      repeatPendingKeyCheck(turn, run)
      return
    case undefined:
      return
  }
}
