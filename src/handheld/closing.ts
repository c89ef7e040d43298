/** The end of a rollover: answers that are said again, the word that lets go of the old key, and what time does. */
import { encodeOtaKeyGen } from '#protocol/otakeygen.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import type { Receipt } from '#protocol/relay-frame.ts'
import { type Ask, askAgain, askAtLogin, beginAsk, onAskReceipt } from './asking.ts'
import { type Closing, type KeyRing, type Rolling, withSpent } from './keys.ts'
import { sealNext } from './link.ts'
import { enqueue } from './outbox.ts'
import type { Account } from './state.ts'
import { change, log, persist, sameMid, type Turn } from './turn.ts'

const dayMs = 86_400_000
/** An offer nobody answers is given up then, and so is an answer nobody goes on from. */
const halfLivesMs = 7 * dayMs

export function changeRing(turn: Turn, keys: KeyRing): void {
  const { account } = turn.state
  if (account) change(turn, { account: { ...account, keys } })
}

/** The ring without what was under way: a key that never came to be is gone, and so is an old one. */
export function retire(ring: KeyRing): KeyRing {
  const { rollover, previous } = ring
  const pending =
    rollover && ('link' in rollover ? rollover.link.kid : 'kid' in rollover ? rollover.kid : null)
  const gone = [pending, previous?.link.kid].filter((kid) => typeof kid === 'number')
  return withSpent({ ...ring, rollover: null, previous: null }, ...gone)
}

/** Sends an answer, once although it may be asked for twice; always true. */
export function answerWith(turn: Turn, kid: number, payload: Uint8Array): true {
  const to = turn.state.account?.servers[0]
  const waits = turn.state.outbox.some((entry) => entry.payload === payload && !entry.sent)
  if (to && !waits) enqueue(turn, to, { payload, kid, what: 'rollover', completes: false, wipes: false })
  return true
}

/**
 * Says that the old key may go, as soon as nothing sealed under it is on its way to the relay. Who began says it first;
 * the other end answers that.
 */
export function letGo(turn: Turn): void {
  const { account, outbox } = turn.state
  const { rollover, previous } = account?.keys ?? {}
  if (!account || rollover?.stage !== 'closing' || !previous) return
  if (rollover.done) {
    if (rollover.doneSeen) erased(turn, account.keys, null)
    return
  }
  const mayBegin = rollover.side === 'proposer' || rollover.doneSeen
  const to = account.servers[0]
  if (!mayBegin || !to || outbox.some(({ kid, what }) => what === 'ack' && kid === rollover.oldKid)) return
  const content = encodeOtaKeyGen({ type: 'roll_done', kid: rollover.oldKid })
  const { link, payload } = sealNext(account.link, contentTypes.otakeygen, content, turn.random)
  persist(turn, 'rollover')
  const said: Closing = { ...rollover, done: payload }
  change(turn, { account: { ...account, link } })
  if (rollover.doneSeen) {
    erased(turn, account.keys, said)
    answerWith(turn, link.kid, payload)
    return
  }
  changeRing(turn, { ...account.keys, rollover: { ...said, ask: beginAsk(turn, to, payload) } })
}

function erased(turn: Turn, ring: KeyRing, closing: Closing | null): void {
  changeRing(turn, { ...retire(ring), rollover: closing })
  persist(turn, 'rollover')
  log(turn, 'the old key was erased', {}, 'info')
}

const askOf = (rollover: Rolling | null | undefined): Ask | null =>
  rollover && 'ask' in rollover ? rollover.ask : null

/** Changes the message that waits for the server, if there is one. */
function changeAsk(turn: Turn, next: (ask: Ask, account: Account) => Ask | null): void {
  const { account } = turn.state
  const { rollover } = account?.keys ?? {}
  const ask = askOf(rollover)
  if (!account || !rollover || !ask) return
  const changed = next(ask, account)
  if (changed && changed !== ask)
    changeRing(turn, { ...account.keys, rollover: { ...rollover, ask: changed } as Rolling })
}

export const rollingAtLogin = (turn: Turn, restored: boolean): void =>
  changeAsk(turn, (ask, { servers: [to] }) => (to ? askAtLogin(turn, to, ask, restored) : null))

/** False where the receipt is for something else. */
export function onRollingReceipt(turn: Turn, receipt: Receipt): boolean {
  const ask = askOf(turn.state.account?.keys.rollover)
  if (!ask || !sameMid(receipt.mid, ask.mid)) return false
  changeAsk(turn, (one) => onAskReceipt(one, receipt, turn.nowMs))
  return true
}

/** Copies that are due, and what has had its time. */
export function closingTimers(turn: Turn): void {
  const { account } = turn.state
  if (!account) return
  const overMs = halfOverMs(account.keys.rollover)
  const oldOverMs = account.keys.previous?.untilMs ?? null
  if (overMs !== null && overMs <= turn.nowMs) {
    changeRing(turn, retire(account.keys))
    persist(turn, 'rollover')
    log(turn, 'a rollover of the key was given up', {}, 'info')
  } else if (oldOverMs !== null && oldOverMs <= turn.nowMs) erased(turn, account.keys, null)
  changeAsk(turn, (ask, { servers: [to] }) =>
    to && ask.dueMs !== null && ask.dueMs <= turn.nowMs ? askAgain(turn, to, ask) : null,
  )
  letGo(turn)
}

/** Whoever has sent its key check waits as long as it takes: the server may have switched already. */
function halfOverMs(rollover: Rolling | null): number | null {
  if (rollover?.stage === 'offered') return rollover.startedAtMs + halfLivesMs
  return rollover?.stage === 'answered' ? rollover.atMs + halfLivesMs : null
}

export const rollingDues = ({ keys }: Account): readonly (number | null)[] => [
  askOf(keys.rollover)?.dueMs ?? null,
  halfOverMs(keys.rollover),
  keys.previous?.untilMs ?? null,
]
