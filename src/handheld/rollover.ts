/**
 * Rolling the master key over (docs/protocol.md, "Key rollover"): who began asks, the other end answers. Messages that
 * are out of place change nothing; what is changed is on disk before anything is sent.
 */
import { kemRandomBytes, kemSeedBytes } from '#crypto/ml-kem.ts'
import { randomScalar } from '#crypto/p256-scalar.ts'
import { nextMasterKey, rolloverHash, sharedSecret } from '#crypto/rollover.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { decodeOtaKeyGen, encodeOtaKeyGen, type RollAnswer, type RollOffer } from '#protocol/otakeygen.ts'
import { contentTypes, type Packet } from '#protocol/packet-frame.ts'
import { beginAsk } from './asking.ts'
import { answerWith, changeRing, letGo, retire } from './closing.ts'
import { isKeyCheck } from './confirming.ts'
import {
  type Answered,
  type Checking,
  type Closing,
  isHeld,
  jitter,
  type KeyRing,
  oldKeyLivesMs,
} from './keys.ts'
import { answered, type KeyLink, newLink, type Opened, openPacket, sealNext } from './link.ts'
import type { Account } from './state.ts'
import { change, log, persist, type Turn } from './turn.ts'

const none = new Uint8Array()
const nothing = { ciphertext: none, secret: none }

/** Offers the server a new key in place of the current one. */
export function beginRollover(turn: Turn, account: Account): void {
  const to = account.servers[0]
  if (!to) return
  const kid = unusedKid(turn, account)
  const scalar = randomScalar(turn.random)
  const kemSeed = account.link.hybrid ? turn.random.bytes(kemSeedBytes) : null
  const offer = encodeOtaKeyGen({
    ...{ type: 'roll_offer' as const, kid, share: turn.p256.multiplyBase(scalar) },
    ...(kemSeed ? { kemEncapsulationKey: turn.kem.encapsulationKey(kemSeed) } : {}),
  })
  const { link, payload } = sealNext(account.link, contentTypes.otakeygen, offer, turn.random)
  persist(turn, 'rollover')
  const ask = beginAsk(turn, to, payload)
  const rollover = { stage: 'offered', kid, offer, scalar, kemSeed, startedAtMs: turn.nowMs, ask } as const
  change(turn, { account: { ...account, link, keys: { ...account.keys, rollover } } })
  log(turn, 'a rollover of the key began', {}, 'info')
}

/** A message of a rollover under a key that is or was current; its number is marked already. */
export function onRolling(turn: Turn, opened: Opened): void {
  const { account } = turn.state
  const message = opened.content && decodeOtaKeyGen(opened.content)
  if (!account || !message?.ok) {
    log(turn, 'a packet without use was passed over', { contentType: opened.header.contentType })
    return
  }
  switch (message.value.type) {
    case 'roll_offer':
      onOffer(turn, account, opened, message.value)
      return
    case 'roll_answer':
      onAnswer(turn, account, opened, message.value)
      return
    case 'roll_done':
      onDone(turn, account, message.value.kid)
      return
    case 'key_check':
      log(turn, 'a key check without use was passed over')
      return
  }
}

/** A packet that was taken in before: what answered it goes out again. False where nothing did. */
export function repeatRolling(turn: Turn, opened: Opened): boolean {
  const { account } = turn.state
  const { rollover } = account?.keys ?? {}
  const message = opened.content && decodeOtaKeyGen(opened.content)
  if (!account || !rollover || !message?.ok) return false
  if (rollover.stage === 'answered' && isSame(opened.content, rollover.offer))
    return answerWith(turn, account.link.kid, rollover.payload)
  if (rollover.stage !== 'closing' || rollover.side !== 'other') return false
  const isCheck = message.value.type === 'key_check' && opened.header.kid === account.link.kid
  if (isCheck) return answerWith(turn, account.link.kid, account.link.keyCheck)
  const isDone = message.value.type === 'roll_done' && message.value.kid === rollover.oldKid
  return isDone && rollover.done ? answerWith(turn, account.link.kid, rollover.done) : false
}

/** A packet under the key to be: only the server's key check counts. */
export function onPendingKey(
  turn: Turn,
  account: Account,
  pending: Answered | Checking,
  packet: Packet,
): void {
  const opened = openPacket(pending.link, packet)
  const hash = rolloverHash(pending.offer, pending.answer)
  if (!opened || !isKeyCheck(opened, hash)) {
    log(turn, 'a packet came before the key check', {}, 'info')
    return
  }
  const link = answered(pending.link, { seq: 0, tag: opened.tag, status: null, detail: null })
  const side = pending.stage === 'checking' ? 'proposer' : 'other'
  const closing: Closing = {
    ...{ stage: 'closing', side, oldKid: account.link.kid },
    ...{ done: null, doneSeen: false, ask: null },
  }
  const keys: KeyRing = {
    sinceMs: turn.nowMs,
    jitterMs: jitter(turn.random),
    previous: { link: account.link, untilMs: turn.nowMs + oldKeyLivesMs },
    rollover: closing,
    spent: account.keys.spent,
  }
  change(turn, { account: { ...account, link, keys, repeat: null } })
  persist(turn, 'rollover')
  log(turn, 'the key was rolled over', {}, 'info')
  if (side === 'other') answerWith(turn, link.kid, link.keyCheck)
  letGo(turn)
}

function onOffer(turn: Turn, account: Account, opened: Opened, message: RollOffer): void {
  const { rollover } = account.keys
  const offer = opened.content ?? none
  if (rollover?.stage === 'answered' && isSame(offer, rollover.offer)) {
    answerWith(turn, account.link.kid, rollover.payload)
    return
  }
  const why = whyNot(account, opened, message)
  if (why === 'abort') changeRing(turn, retire(account.keys))
  if (why !== null) {
    log(turn, 'an offer of a key was passed over', { why }, 'info')
    return
  }
  answerOffer(turn, account, opened, message)
}

/** Null: the offer is taken, and what was under way before is over. */
function whyNot(account: Account, { header }: Opened, { kid }: RollOffer): string | null {
  const { rollover } = account.keys
  if (header.kid !== account.link.kid) return 'not under the current key'
  if (rollover?.stage === 'answered' && rollover.link.kid === kid) return 'abort'
  if (isHeld(account, kid)) return 'a key id that is or was used'
  // A server offers nothing while it waits for us: one that does has forgotten what was under way, or it is an old word.
  const waiting = rollover?.stage === 'answered' || rollover?.stage === 'checking'
  return waiting && header.seq <= rollover.heardSeq ? 'an older offer' : null
}

/** The server's offer wins over ours, and one that comes after another takes its place. */
function answerOffer(turn: Turn, account: Account, opened: Opened, message: RollOffer): void {
  const scalar = randomScalar(turn.random)
  const shared = sharedSecret(turn.p256, scalar, message.share)
  const offer = opened.content
  const { kemEncapsulationKey: ek } = message
  const kem = ek ? turn.kem.encapsulate(ek, turn.random.bytes(kemRandomBytes)) : nothing
  if (!shared || !offer || !kem) {
    log(turn, 'an offer of a key was passed over', { why: 'its values are not good' }, 'info')
    return
  }
  const share = turn.p256.multiplyBase(scalar)
  const answer = encodeOtaKeyGen({
    ...{ type: 'roll_answer' as const, kid: message.kid, share },
    ...(ek ? { kemCiphertext: kem.ciphertext } : {}),
  })
  const halves = { kid: message.kid, offer, answer, shared, kemSecret: kem.secret }
  const pending = newKey(turn, account, halves)
  const { link, payload } = sealNext(account.link, contentTypes.otakeygen, answer, turn.random)
  const keys = retire(account.keys)
  const rollover: Answered = {
    ...{ stage: 'answered', link: pending, offer, answer, payload },
    ...{ heardSeq: opened.header.seq, atMs: turn.nowMs },
  }
  change(turn, { account: { ...account, link, keys: { ...keys, rollover } } })
  persist(turn, 'rollover')
  answerWith(turn, link.kid, payload)
}

function onAnswer(turn: Turn, account: Account, opened: Opened, message: RollAnswer): void {
  const { rollover } = account.keys
  const to = account.servers[0]
  const answer = opened.content
  const isOurs =
    rollover?.stage === 'offered' && rollover.kid === message.kid && opened.header.kid === account.link.kid
  const shared = isOurs ? sharedSecret(turn.p256, rollover.scalar, message.share) : null
  const { kemCiphertext: ct } = message
  // The one is there if and only if the other is.
  const kemFits = isOurs && (rollover.kemSeed !== null) === (ct !== undefined)
  if (!isOurs || !to || !answer || !shared || !kemFits) {
    log(turn, 'an answer to an offer of a key was passed over', {}, 'info')
    return
  }
  const { offer, kid, kemSeed } = rollover
  const kemSecret = kemSeed && ct ? turn.kem.decapsulate(kemSeed, ct) : none
  const link = newKey(turn, account, { kid, offer, answer, shared, kemSecret })
  persist(turn, 'rollover')
  const ask = beginAsk(turn, to, link.keyCheck)
  const checking: Checking = { stage: 'checking', link, offer, answer, heardSeq: opened.header.seq, ask }
  changeRing(turn, { ...account.keys, rollover: checking })
}

/** The server needs the old key no more. */
function onDone(turn: Turn, account: Account, kid: number): void {
  const { rollover } = account.keys
  if (rollover?.stage !== 'closing' || rollover.oldKid !== kid) {
    log(turn, 'a word about another key was passed over', {}, 'info')
    return
  }
  if (rollover.done && rollover.side === 'other') {
    answerWith(turn, account.link.kid, rollover.done)
    return
  }
  changeRing(turn, { ...account.keys, rollover: { ...rollover, doneSeen: true } })
  persist(turn, 'rollover')
  letGo(turn)
}

interface Halves {
  readonly kid: number
  readonly offer: Uint8Array
  readonly answer: Uint8Array
  readonly shared: Uint8Array
  readonly kemSecret: Uint8Array
}

/** The link of the key to be, its key check made. A rollover keeps the suite. */
function newKey(turn: Turn, { link }: Account, halves: Halves): KeyLink {
  const { kid, offer, answer, kemSecret } = halves
  const { suite, masterKey } = link
  const parts = { ...halves, masterKey, oldKid: link.kid, newKid: kid }
  const transcriptHash = rolloverHash(offer, answer)
  const check = encodeOtaKeyGen({ type: 'key_check', transcriptHash })
  return newLink(
    { kid, suite, masterKey: nextMasterKey(parts), hybrid: kemSecret.length > 0 },
    check,
    turn.random,
  )
}

function unusedKid(turn: Turn, account: Account): number {
  for (;;) {
    const kid = new DataView(turn.random.bytes(4).slice().buffer).getUint32(0)
    if (kid !== 0 && !isHeld(account, kid)) return kid
  }
}

const isSame = (content: Uint8Array | null, other: Uint8Array): boolean =>
  content !== null && sameBytes(content, other)
