/** IT policy: verified, judged in the order the protocol demands, applied, and reported. */
import { sha256 } from '#crypto/hash.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { ackStatus, encodeNamesLeftOut } from '#protocol/ack.ts'
import { decodeItPolicy, type ItPolicy } from '#protocol/it-admin.ts'
import { decodePacket } from '#protocol/packet-frame.ts'
import { checkReplay } from '#protocol/replay-window.ts'
import { acknowledge, repeatAnswer, type Verdict } from './acknowledge.ts'
import type { PolicyVerified } from './event.ts'
import { openPacket } from './link.ts'
import { sortRules } from './rules.ts'
import { screens } from './screen.ts'
import type { Account, AppliedPolicy } from './state.ts'
import { change, persist, show, showCode, type Turn } from './turn.ts'

const policyRefused = 31

interface Judged {
  readonly verdict: Verdict
  /** What is in force afterwards; null where the policy was refused. */
  readonly policy: AppliedPolicy | null
}

/** Has the signature of a held policy checked; `onPolicyVerified` goes on with it. */
export function onSignedPolicy(turn: Turn, id: string, cms: Uint8Array): void {
  const { account } = turn.state
  if (!account) return
  const atMs = turn.nowMs + turn.state.device.clockOffsetMs
  turn.actions.push({ kind: 'verify_policy', id, cms, caCertificate: account.caCertificate, atMs })
}

/** The signature was checked: the held packet is judged, and its effect stored with its answer. */
export function onPolicyVerified(turn: Turn, event: PolicyVerified): void {
  const { held, account } = turn.state
  const item = held.find((one) => one.id === event.id)
  if (!item) return
  change(turn, { held: held.filter((one) => one !== item) })
  persist(turn, 'policy')
  const packet = decodePacket(item.packet)
  const opened = account && packet.ok ? openPacket(account.link, packet.value) : null
  if (!account || !opened) return
  // Another copy of the same packet may have been judged in the meantime.
  if (checkReplay(account.link.window, opened.header.seq) !== 'new') {
    repeatAnswer(turn, item.from, opened)
    return
  }
  const { verdict, policy } = judgePolicy(turn, account, event.content)
  if (policy) apply(turn, account, policy)
  else showCode(turn, policyRefused)
  acknowledge(turn, opened, { ...verdict, point: 'policy' })
}

/** The first check that fails decides: signature, form, addressee, number. */
function judgePolicy(turn: Turn, account: Account, content: Uint8Array | null): Judged {
  if (!content) return refuse(ackStatus.refusedSignature)
  const decoded = decodeItPolicy(content)
  const rules = decoded.ok ? sortRules(decoded.value.rules) : null
  if (!decoded.ok || !rules) return refuse(ackStatus.refusedForm)
  if (!isForUs(turn, account, decoded.value)) return refuse(ackStatus.refusedAddressee)
  const hash = sha256(content)
  const { number } = decoded.value
  const stored = account.policy
  if (stored && stored.number === number && sameBytes(stored.hash, hash)) return accept(stored)
  if (stored && stored.number >= number) return refuse(ackStatus.refusedNumber)
  return accept({ number, hash, content, leftOut: rules.leftOut })
}

function isForUs(turn: Turn, account: Account, policy: ItPolicy): boolean {
  const fromOurs = policy.srpId === account.srpId || account.servers.includes(policy.srpId)
  return fromOurs && (policy.pin === null || policy.pin === turn.state.device.pin)
}

const refuse = (status: Verdict['status']): Judged => ({ verdict: { status }, policy: null })

function accept(policy: AppliedPolicy): Judged {
  const verdict =
    policy.leftOut.length === 0
      ? { status: ackStatus.applied }
      : { status: ackStatus.appliedInPart, detail: encodeNamesLeftOut(policy.leftOut) }
  return { verdict, policy }
}

function apply(turn: Turn, account: Account, policy: AppliedPolicy): void {
  change(turn, { account: { ...account, policy, policyConfirmed: true } })
  if (account.stage === 'provisioning') show(turn, screens.verified)
}
