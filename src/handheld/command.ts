/** Signed commands: judged in the order the protocol demands, carried out, and acknowledged once. */
import { sha256 } from '#crypto/hash.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { ackStatus, encodeNamesLeftOut } from '#protocol/ack.ts'
import { decodeItCommand, type ItCommand, wireName } from '#protocol/it-command.ts'
import type { Verdict } from './acknowledge.ts'
import { withPassword } from './password.ts'
import { type Account, isServerOf } from './state.ts'
import { tookCancel, tookWipe } from './taken.ts'
import { change, display, log, type Turn } from './turn.ts'
import { behindLock, lockNow } from './unlock.ts'
import { newWipe } from './wipe.ts'

/** Null content: the signature did not hold. `outer` is the name outside the signature. */
export function judgeCommand(
  turn: Turn,
  account: Account,
  outer: string,
  content: Uint8Array | null,
): Verdict {
  if (!content) return { status: ackStatus.refusedSignature }
  const decoded = decodeItCommand(content)
  if (!decoded.ok || wireName(decoded.value) !== outer) return { status: ackStatus.refusedForm }
  const command = decoded.value
  if (!isServerOf(account, command.srpId) || command.pin !== turn.state.device.pin)
    return { status: ackStatus.refusedAddressee }
  const hash = sha256(content)
  const last = account.command
  if (last?.number === command.number && sameBytes(last.hash, hash)) return asVerdict(last)
  if (last && last.number >= command.number) return { status: ackStatus.refusedNumber }
  const done = carryOut(turn, command)
  remember(turn, { name: outer, number: command.number, hash, ...done })
  log(turn, 'a command was carried out', { command: outer, status: done.status }, 'info')
  return { ...asVerdict(done), wipes: command.command === 'wipe' }
}

type Done = Pick<NonNullable<Account['command']>, 'status' | 'leftOut'>

function asVerdict({ status, leftOut }: Done): Verdict {
  return leftOut.length > 0 ? { status, detail: encodeNamesLeftOut(leftOut) } : { status }
}

function carryOut(turn: Turn, command: ItCommand): Done {
  switch (command.command) {
    case 'lock':
      return lock(turn, command.password ?? null, command.ownerText ?? null)
    case 'set_owner':
      setOwnerNow(turn, command.ownerText)
      return { status: ackStatus.applied, leftOut: [] }
    case 'wipe':
      changeAccount(turn, { wipe: newWipe(command.scope, command.waitSeconds, turn.nowMs) })
      tookWipe(turn)
      return { status: ackStatus.accepted, leftOut: [] }
    case 'cancel_wipe':
      tookCancel(turn, turn.state.account)
      changeAccount(turn, { wipe: null })
      return { status: ackStatus.applied, leftOut: [] }
    case 'unknown':
      return { status: ackStatus.unknown, leftOut: [] }
  }
}

/** The administrator's password stands above the rules of the policy, which are for the user's choice. */
function lock(turn: Turn, password: string | null, ownerText: string | null): Done {
  if (ownerText !== null) setOwner(turn, ownerText)
  if (password !== null)
    change(turn, { lock: withPassword(turn.state.lock, password, turn.random, turn.nowMs) })
  lockNow(turn)
  return turn.state.lock.password
    ? { status: ackStatus.applied, leftOut: [] }
    : { status: ackStatus.appliedInPart, leftOut: ['password'] }
}

const setOwner = (turn: Turn, text: string): void => changeAccount(turn, { ownerText: text || null })

/** A finder who looks at it now reads the new one. */
function setOwnerNow(turn: Turn, text: string): void {
  setOwner(turn, text)
  if (turn.state.lock.locked) display(turn, behindLock(turn.state))
}

const remember = (turn: Turn, command: NonNullable<Account['command']>): void =>
  changeAccount(turn, { command })

function changeAccount(turn: Turn, fields: Partial<Account>): void {
  const { account } = turn.state
  if (account) change(turn, { account: { ...account, ...fields } })
}
