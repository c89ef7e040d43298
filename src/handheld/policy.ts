/** IT policy: judged in the order the protocol demands, applied, and reported. */
import { sha256 } from '#crypto/hash.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { ackStatus, encodeNamesLeftOut } from '#protocol/ack.ts'
import { decodeItPolicy } from '#protocol/it-admin.ts'
import type { Verdict } from './acknowledge.ts'
import { ruleNumber, sortRules } from './rules.ts'
import { screens } from './screen.ts'
import { type Account, type AppliedPolicy, isServerOf } from './state.ts'
import { tookPolicy } from './taken.ts'
import { change, show, type Turn } from './turn.ts'
import { lockNow } from './unlock.ts'

/** The first check that fails decides: signature, form, addressee, number. Null content: the signature did not hold. */
export function judgePolicy(turn: Turn, account: Account, content: Uint8Array | null): Verdict {
  if (!content) return { status: ackStatus.refusedSignature }
  const decoded = decodeItPolicy(content)
  const rules = decoded.ok ? sortRules(decoded.value.rules) : null
  if (!decoded.ok || !rules) return { status: ackStatus.refusedForm }
  const { number, srpId, pin } = decoded.value
  if (!isServerOf(account, srpId) || (pin !== null && pin !== turn.state.device.pin))
    return { status: ackStatus.refusedAddressee }
  const hash = sha256(content)
  const stored = account.policy
  if (stored && stored.number === number && sameBytes(stored.hash, hash)) return apply(turn, account, stored)
  if (stored && stored.number >= number) return { status: ackStatus.refusedNumber }
  return apply(turn, account, { number, hash, content, leftOut: rules.leftOut })
}

function apply(turn: Turn, account: Account, policy: AppliedPolicy): Verdict {
  const before = demandsOf(turn)
  change(turn, { account: { ...account, policy, policyConfirmed: true } })
  if (account.stage === 'provisioning') show(turn, screens.verified)
  // What the user has may be too little for the new rules, and only the user can type it.
  if (turn.state.lock.password && demandsOf(turn) !== before) lockNow(turn)
  tookPolicy(turn, account)
  return policy.leftOut.length === 0
    ? { status: ackStatus.applied }
    : { status: ackStatus.appliedInPart, detail: encodeNamesLeftOut(policy.leftOut) }
}

/** What the policy in force demands of a password. */
const demandsOf = ({ state }: Turn): string =>
  [ruleNumber(state, 'password_min_length'), ruleNumber(state, 'password_pattern')].join()
