/** Stage `confirming`: the server proved itself; the new key is pending until its key check is opened. */
import { equalInConstantTime } from '#crypto/equal.ts'
import { sha256 } from '#crypto/hash.ts'
import { nextTranscriptHash, openM4Box } from '#crypto/key-schedule.ts'
import type { SrpId } from '#kernel/brand.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { decodeM4, decodeServerInfo } from '#protocol/exchange.ts'
import { decodeOtaKeyGen, encodeOtaKeyGen } from '#protocol/otakeygen.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { fail } from './ending.ts'
import { newRing, spentBy } from './keys.ts'
import { answered, type KeyLink, newLink, type Opened } from './link.ts'
import { firstCopy, freshCopy, isDue, mayAnswer, nextCopy } from './repeat.ts'
import { screens } from './screen.ts'
import { newSilence } from './silence.ts'
import {
  type Account,
  type ConfirmingRun,
  type HandheldState,
  type ProvingRun,
  peersOf,
  type Repeat,
} from './state.ts'
import { change, log, persist, sendPayload, sendPeers, show, showWaiting, type Turn } from './turn.ts'
import { proofAnswered } from './unanswered.ts'

const minute = 60 * 1000
const hintAfterMs = 2 * minute
const keyCheckWithinMs = 24 * 60 * minute

/** Judges the server's proof. A duplicate of a good one is answered with our key check again. */
export function onM4(turn: Turn, from: SrpId, bytes: Uint8Array): void {
  const { run, account } = turn.state
  if (run?.stage === 'confirming' && sameBytes(run.m4Hash, sha256(bytes))) {
    if (mayAnswer(run.repeat, turn.nowMs)) sendPendingKeyCheck(turn, run, nextCopy(turn, run.repeat))
    return
  }
  if (!run && account && sameBytes(account.m4Hash, sha256(bytes))) {
    answerKeyCheck(turn, from)
    return
  }
  if (run?.stage !== 'proving' || run.srpId !== from) {
    log(turn, 'an M4 nobody waits for was dropped', { from })
    return
  }
  const m4 = decodeM4(bytes)
  if (!m4.ok || m4.value.txn !== run.txn) {
    log(turn, 'a malformed or foreign M4 was dropped', { from }, 'info')
    return
  }
  const box = openM4Box(run.s2d, run.th3, m4.value.box)
  if (!equalInConstantTime(m4.value.confirmV, run.expectedConfirmV) || !box) {
    fail(turn, 12)
    return
  }
  confirm(turn, run, bytes, box)
}

export function confirmingTimers(turn: Turn, run: ConfirmingRun): void {
  if (run.endsAtMs <= turn.nowMs) {
    fail(turn, 22)
    return
  }
  const hint = run.hintDueMs !== null && run.hintDueMs <= turn.nowMs
  if (hint) showWaiting(turn, 22)
  const waiting = hint ? { ...run, hintDueMs: null } : run
  change(turn, { run: waiting })
  if (isDue(run.repeat, turn.nowMs)) sendPendingKeyCheck(turn, waiting, nextCopy(turn, run.repeat))
}

/** After a log-in our key check goes out again. */
export const repeatPendingKeyCheck = (turn: Turn, run: ConfirmingRun): void =>
  sendPendingKeyCheck(turn, run, freshCopy(turn, run.repeat))

/**
 * Our key check under the current key: the answer to each copy of the server's, with a pause between. A packet with a
 * higher number has shown that the server has it: then there is nothing to answer any more.
 */
export function answerKeyCheck(turn: Turn, to: SrpId): void {
  const { account } = turn.state
  if (!account?.repeat || !mayAnswer(account.repeat, turn.nowMs)) return
  const repeat = nextCopy(turn, account.repeat)
  change(turn, { account: { ...account, repeat } })
  sendPayload(turn, 'key_check', repeat.mid, to, account.link.keyCheck)
}

/** Whether an opened packet is the server's key check for this transcript. */
export function isKeyCheck(opened: Opened, th4: Uint8Array): boolean {
  if (opened.header.contentType !== contentTypes.otakeygen || opened.header.seq !== 0 || !opened.content)
    return false
  const message = decodeOtaKeyGen(opened.content)
  return message.ok && message.value.type === 'key_check' && sameBytes(message.value.transcriptHash, th4)
}

/** The server holds the key: it becomes current, the older one and what belonged to another organisation go. */
export function makeCurrent(turn: Turn, run: ConfirmingRun, opened: Opened): void {
  const peersBefore = peersOf(turn.state).join()
  const link = answered(run.link, { seq: 0, tag: opened.tag, status: null, detail: null })
  // Answers under the older key are of no use to anybody now.
  change(turn, { run: null, account: newAccount(turn.state, run, link, turn), outbox: [] })
  persist(turn, 'key_current')
  show(turn, screens.verified)
  if (peersOf(turn.state).join() !== peersBefore) sendPeers(turn)
}

function confirm(turn: Turn, run: ProvingRun, m4: Uint8Array, box: Uint8Array): void {
  const info = decodeServerInfo(box)
  if (!info.ok) {
    fail(turn, 14)
    return
  }
  const th4 = nextTranscriptHash(run.th3, m4)
  const content = encodeOtaKeyGen({ type: 'key_check', transcriptHash: th4 })
  const repeat = firstCopy(turn)
  const confirming: ConfirmingRun = {
    stage: 'confirming',
    txn: run.txn,
    address: run.address,
    startedAtMs: run.startedAtMs,
    hintDueMs: turn.nowMs + hintAfterMs,
    endsAtMs: turn.nowMs + keyCheckWithinMs,
    srpId: run.srpId,
    m2Hash: run.m2Hash,
    m4Hash: sha256(m4),
    th4,
    link: newLink(run, content, turn.random),
    organisation: info.value.organisation,
    caCertificate: info.value.caCertificate,
    nextRolloverAt: info.value.nextRolloverAt,
    repeat,
  }
  change(turn, {
    run: confirming,
    unanswered: proofAnswered(turn.state.unanswered, run.provedAtMs, turn.nowMs),
  })
  persist(turn, 'm4')
  // An error or a hint of the wait that is over now would stay until the key check comes.
  show(turn, screens.verifying)
  sendPendingKeyCheck(turn, confirming, repeat)
}

function sendPendingKeyCheck(turn: Turn, run: ConfirmingRun, repeat: Repeat): void {
  change(turn, { run: { ...run, repeat } })
  sendPayload(turn, 'key_check', repeat.mid, run.srpId, run.link.keyCheck)
}

/** Under the same CA the numbers survive, and with the same user the books as well. */
function newAccount(state: HandheldState, run: ConfirmingRun, link: KeyLink, turn: Turn): Account {
  const old = state.account
  const sameOrganisation = old !== null && sameBytes(old.caCertificate, run.caCertificate)
  const sameUser = sameOrganisation && old.address === run.address
  return {
    stage: 'provisioning',
    txn: run.txn,
    address: run.address,
    srpId: run.srpId,
    servers: [run.srpId],
    organisation: run.organisation,
    caCertificate: run.caCertificate,
    nextRolloverAt: run.nextRolloverAt,
    link,
    keys: newRing(turn.nowMs, turn.random, old ? spentBy(old) : []),
    m4Hash: run.m4Hash,
    repeat: freshCopy(turn, run.repeat),
    silence: newSilence(turn.nowMs),
    policy: sameOrganisation ? old.policy : null,
    policyConfirmed: false,
    bookNumber: sameOrganisation ? old.bookNumber : null,
    books: sameUser ? old.books : null,
    complete: false,
    command: sameOrganisation ? old.command : null,
    ownerText: sameOrganisation ? old.ownerText : null,
    // Ordered for the account that ends here: the server has ended it as well, and what it had queued.
    wipe: null,
  }
}
