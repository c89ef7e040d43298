/** Acknowledgements: what became of each packet, stored with its effect, and the same again for each duplicate. */

import { assert } from '#kernel/assert.ts'
import type { SrpId } from '#kernel/brand.ts'
import { type AckStatus, encodeAck } from '#protocol/ack.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import type { PersistPoint } from './action.ts'
import { answerKeyCheck } from './confirming.ts'
import { linkOf, withLink } from './keys.ts'
import { type Answer, answered, type Opened, sealNext, storedAnswer } from './link.ts'
import { enqueue, type Meaning } from './outbox.ts'
import { repeatRolling } from './rollover.ts'
import { change, log, persist, type Turn } from './turn.ts'

export interface Verdict {
  readonly status: AckStatus
  readonly detail?: Uint8Array
  readonly point?: PersistPoint
  /** The receipt for this ACK is the end of the activation. */
  readonly completes?: boolean
  /** A wipe waits for the receipt for this ACK. */
  readonly wipes?: boolean
}

/** Marks the packet as seen and answers it; number, effect and answer go to disk together. */
export function acknowledge(turn: Turn, opened: Opened, verdict: Verdict): void {
  const answer: Answer = {
    seq: opened.header.seq,
    tag: opened.tag,
    status: verdict.status,
    detail: verdict.detail ?? null,
  }
  const { kid } = opened.header
  const { account } = turn.state
  const link = account && linkOf(account, kid)
  assert(account && link, 'packets are acknowledged under an account')
  change(turn, { account: withLink(account, answered(link, answer)) })
  persist(turn, verdict.point ?? 'ack')
  log(turn, 'a packet was judged', {
    contentType: opened.header.contentType,
    seq: answer.seq,
    status: verdict.status,
  })
  const { completes = false, wipes = false } = verdict
  sendAck(turn, kid, answer, verdict.status, { completes, wipes })
}

/** A duplicate of a packet gets its stored answer; another packet under the same number gets none. */
export function repeatAnswer(turn: Turn, from: SrpId, opened: Opened): void {
  const { account } = turn.state
  const { kid } = opened.header
  const link = account && linkOf(account, kid)
  const answer = link && storedAnswer(link, opened.header.seq, opened.tag)
  if (!answer) {
    log(turn, 'another packet under a used number was dropped', { from }, 'info')
    return
  }
  if (answer.status === null) {
    if (!repeatRolling(turn, opened)) answerKeyCheck(turn, from)
    return
  }
  sendAck(turn, kid, answer, answer.status, { completes: false, wipes: false })
}

/** Under the current key, also for a packet that was sealed before the switch to it: `kid` names that packet's. */
function sendAck(turn: Turn, kid: number, answer: Answer, status: AckStatus, meaning: Meaning): void {
  const { account } = turn.state
  const to = account?.servers[0]
  assert(account && to, 'packets are acknowledged under an account')
  const { seq, tag, detail } = answer
  const content = encodeAck({ kid, seq, tag, status, ...(detail ? { detail } : {}) })
  const { link, payload, reserved } = sealNext(account.link, contentTypes.ack, content, turn.random)
  change(turn, { account: { ...account, link } })
  if (reserved) persist(turn, 'seq')
  enqueue(turn, to, { payload, what: 'ack', kid: link.kid, ...meaning })
}
