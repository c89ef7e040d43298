/**
 * An activation that waits for its server and hears nothing asks whether it is still known there. Otherwise a handheld
 * whose account was taken away meanwhile would wait for ever, and its screen would not say why.
 */
import type { Receipt } from '#protocol/relay-frame.ts'
import { leftCode, refusedSince, wasLeft } from './repeat.ts'
import type { Account, Silence } from './state.ts'
import { change, newMid, sameMid, sendPayload, showCode, type Turn } from './turn.ts'

const silentForMs = 30 * 60 * 1000

export const newSilence = (nowMs: number): Silence => ({
  dueMs: nowMs + silentForMs,
  mid: null,
  refusedSinceMs: null,
})

/** After a restart: what is due is due, but a date that was set back makes nothing later than it was at first. */
export const resumeSilence = ({ complete, silence }: Account, nowMs: number): Silence | null => {
  if (complete) return null
  const fresh = newSilence(nowMs)
  return silence ? { ...silence, dueMs: Math.min(silence.dueMs, fresh.dueMs) } : fresh
}

/** A packet of the server was opened: it has the key. */
export function heard(turn: Turn): void {
  const { account } = turn.state
  if (account?.silence) change(turn, { account: { ...account, silence: newSilence(turn.nowMs) } })
}

/** When to ask; a key check that is repeated anyway asks the same. */
export const silenceDueMs = ({ silence, repeat }: Account): number | null =>
  repeat === null ? (silence?.dueMs ?? null) : null

export function silenceTimer(turn: Turn): void {
  const { account, online } = turn.state
  const to = account?.servers[0]
  if (!account?.silence || !to || !online) return
  const dueMs = silenceDueMs(account)
  if (dueMs === null || dueMs > turn.nowMs) return
  const mid = newMid(turn)
  const silence = { ...newSilence(turn.nowMs), mid, refusedSinceMs: account.silence.refusedSinceMs }
  change(turn, { account: { ...account, silence } })
  sendPayload(turn, 'key_check', mid, to, account.link.keyCheck)
}

/** True where the receipt was for the last such question. */
export function onSilenceReceipt(turn: Turn, receipt: Receipt): boolean {
  const { account } = turn.state
  if (!account?.silence?.mid || !sameMid(receipt.mid, account.silence.mid)) return false
  const refusedSinceMs = refusedSince(account.silence.refusedSinceMs, receipt, turn.nowMs)
  change(turn, { account: { ...account, silence: { ...account.silence, refusedSinceMs } } })
  if (wasLeft(refusedSinceMs, turn.nowMs)) showCode(turn, leftCode)
  return true
}
