/** Receipts of the relay, by the mid they are for. */

import type { Receipt } from '#protocol/relay-frame.ts'
import { letGo, onRollingReceipt } from './closing.ts'
import { fail } from './ending.ts'
import { onOutboxReceipt } from './outbox.ts'
import { leftCode, receiptForCopy } from './repeat.ts'
import { onSilenceReceipt } from './silence.ts'
import { change, log, sameMid, showCode, type Turn } from './turn.ts'

export function onReceipt(turn: Turn, receipt: Receipt): void {
  if (onOutboxReceipt(turn, receipt)) {
    letGo(turn)
    return
  }
  if (onRollingReceipt(turn, receipt) || onSilenceReceipt(turn, receipt)) return
  const { run, account } = turn.state
  if (run && 'repeat' in run && sameMid(receipt.mid, run.repeat.mid)) {
    const repeat = receiptForCopy(run.repeat, receipt, turn.nowMs)
    if (repeat === 'left') fail(turn, leftCode)
    else change(turn, { run: { ...run, repeat } })
    return
  }
  if (account?.repeat && sameMid(receipt.mid, account.repeat.mid)) {
    const repeat = receiptForCopy(account.repeat, receipt, turn.nowMs)
    if (repeat === 'left') showCode(turn, leftCode)
    change(turn, { account: { ...account, repeat: repeat === 'left' ? null : repeat } })
    return
  }
  log(turn, 'a receipt for an older copy came', { status: receipt.status })
}
