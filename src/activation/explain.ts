/** Where an activation stands, whose turn it is, since when, why, and what to do next: total over all states. */
import { unreachable } from '#kernel/assert.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { type FaultCode, faultRow, type Turn } from '#kernel/fault.ts'
import { type Activation, hasEnded, type Stage } from './activation.ts'
import { type Grant, grantStateAt, isEarly, triesLeft } from './grant.ts'
import { isAboutPassword, nowDo, type PasswordFacts } from './password-advice.ts'
import type { PathFacts } from './path.ts'
import { type Reason, waitingReason } from './waiting.ts'

export interface Explanation {
  readonly stage: Stage
  readonly code: FaultCode | null
  /** What is going on, as one plain sentence. */
  readonly says: string
  readonly turn: Turn | 'nobody'
  readonly sinceMs: number
  /** What to do, or what is expected, next. */
  readonly next: string
  /** When something is tried again by itself, or a password that was asked for too early begins; or null. */
  readonly retryAtMs: number | null
}

export interface ExplainFacts extends PasswordFacts {
  /** The main address of the user whose mailbox it is, where there is one. */
  readonly mainAddress?: MailAddress
  /** When the next message of this run is sent again, or null. */
  readonly nextSendAtMs: number | null
  /** How the handheld that this activation set up stands now; null where it set none up. */
  readonly account: HandheldStanding | null
  /** Service books that this handheld did not take. */
  readonly booksLeftOut?: readonly string[]
  /** How the parts along the way stand; null or absent where that is not known. */
  readonly path?: PathFacts | null
}

/** What became of a handheld after its activation. */
export type HandheldStanding = 'active' | 'replaced' | 'other_user' | 'removed' | 'wiped'

type Words = Pick<Explanation, 'says' | 'turn' | 'next'>

export function explain(activation: Activation, facts: ExplainFacts): Explanation {
  const { stage } = activation
  const reason = reasonOf(activation, facts)
  const code = reason?.code ?? null
  const words = code ? faultWords(activation, code, facts) : phaseWords(activation)
  const detail = reason?.detail ? { ...words, says: `${words.says} (${reason.detail})` } : words
  // What has ended is not tried again, though the word of its end may still be sent to the handheld.
  const retryAtMs =
    activation.phase === 'complete'
      ? null
      : (reason?.retryAtMs ?? (hasEnded(activation) ? null : facts.nextSendAtMs))
  return { stage, code, sinceMs: reason?.sinceMs ?? activation.sinceMs, ...detail, retryAtMs }
}

function reasonOf(activation: Activation, facts: ExplainFacts): Reason | null {
  if (activation.phase === 'complete') return endedReason(facts)
  if (activation.code) return stoppedReason(activation, activation.code, facts)
  return waitingReason(activation, facts.path ?? null, facts.nowMs)
}

/** The rule of the access list that kept it out is named, and when a password that was asked for too early begins. */
function stoppedReason({ deniedBy }: Activation, code: FaultCode, { grant, nowMs }: ExplainFacts): Reason {
  if (code === 'proof.not_allowed' && deniedBy !== undefined) return { code, detail: deniedBy }
  if (code === 'grant.not_yet' && grant && isEarly(grant, nowMs)) return { code, ...beginning(grant) }
  return { code }
}

const beginning = ({ notBeforeMs }: Grant): { retryAtMs?: number } =>
  notBeforeMs === undefined ? {} : { retryAtMs: notBeforeMs }

/** A complete activation whose handheld no longer works for the user, or not with everything. */
function endedReason({ account, booksLeftOut = [] }: ExplainFacts): Reason | null {
  switch (account) {
    case 'replaced':
      return { code: 'handheld.replaced' }
    case 'other_user':
      return { code: 'handheld.other_user' }
    case 'removed':
      return { code: 'handheld.removed' }
    case 'wiped':
      return { code: 'handheld.wiped' }
    default:
      return booksLeftOut.length > 0 ? { code: 'books.left_out', detail: booksLeftOut.join(', ') } : null
  }
}

function faultWords(activation: Activation, code: FaultCode, facts: ExplainFacts): Words {
  const words = codeWords(activation, code, facts)
  return hasEnded(activation) && isAboutPassword(code)
    ? { ...words, ...nowDo(activation, words, facts) }
    : words
}

function codeWords(
  activation: Activation,
  code: FaultCode,
  { grant, mainAddress }: Pick<ExplainFacts, 'grant' | 'mainAddress'>,
): Words {
  const { says, next, turn } = faultRow(code)
  if (code === 'grant.alias' && mainAddress)
    return { says: `${says} The main address is ${mainAddress}.`, next, turn }
  if (code !== 'proof.wrong_password' || !activation.pin || !grant) return { says, next, turn }
  const left = activation.error?.triesLeft ?? triesLeft(grant, activation.pin)
  return { says: `${says} Tries left for this handheld: ${left}.`, next, turn }
}

function phaseWords(activation: Activation): Words {
  switch (activation.phase) {
    case 'mailed':
      return {
        says: 'The relay has mailed the request; it is on its way to the mailbox.',
        turn: 'mail_server',
        next: 'The server looks into the mailbox again and again.',
      }
    case 'answering':
      return {
        says: 'The request was found and is being answered.',
        turn: 'server',
        next: 'The answer goes out in a moment.',
      }
    case 'answered':
      return answeredWords(activation)
    case 'proof_kept':
      return {
        says: "The handheld's proof is here; the relay has not yet confirmed which handheld asked.",
        turn: 'relay',
        next: "The proof is judged when the relay's receipt comes.",
      }
    case 'judging':
      return { says: "The handheld's proof is being checked.", turn: 'server', next: 'The result follows.' }
    case 'claimed':
      return {
        says: "The password is right; the server's proof and key check are on their way to the handheld.",
        turn: 'handheld',
        next: 'The handheld checks the server and shows its key; both are sent again by themselves.',
      }
    default:
      return serviceWords(activation)
  }
}

function answeredWords(activation: Activation): Words {
  const receipt = activation.receipts.m2
  if (receipt === 0)
    return {
      says: 'The server has answered; the relay holds the answer until the handheld is on the air.',
      turn: 'handheld',
      next: 'Bring the handheld on the air; the answer is delivered by itself.',
    }
  if (receipt === 1)
    return {
      says: "The handheld has the server's answer and must send its proof.",
      turn: 'handheld',
      next: 'The proof comes within seconds while the handheld is on the air.',
    }
  return {
    says: 'The server has answered and waits for the relay to take the answer.',
    turn: 'relay',
    next: 'The answer is handed to the relay again by itself.',
  }
}

function serviceWords(activation: Activation): Words {
  switch (activation.phase) {
    case 'policy_due':
      return {
        says: 'The master key is confirmed; the Policy Service has the request in its queue.',
        turn: 'server',
        next: 'The IT policy goes out in a moment.',
      }
    case 'policy_out':
      return {
        says: 'The IT policy is on its way; service books follow when the handheld has applied it.',
        turn: 'handheld',
        next: 'The handheld applies the policy and reports it; the policy is sent again by itself.',
      }
    case 'books_due':
      return {
        says: 'The policy is applied; the service books are being made.',
        turn: 'server',
        next: 'The service books go out in a moment.',
      }
    case 'books_out':
      return {
        says: 'The service books are on their way to the handheld.',
        turn: 'handheld',
        next: 'The handheld registers them and reports it; they are sent again by themselves.',
      }
    case 'complete':
      return {
        says: 'The activation is complete.',
        turn: 'nobody',
        next: 'Nothing: the handheld starts slow sync by itself.',
      }
    default:
      return stoppedWords(activation)
  }
}

/** These phases always carry a code, which speaks before this; the words hold for a state written by hand. */
function stoppedWords(activation: Activation): Words {
  return {
    says: `The activation has stopped in the phase ${activation.phase}.`,
    turn: 'administrator',
    next: "Start again on the handheld; report this activation's id if it repeats.",
  }
}

/** A mail that brings a user the password or the instructions, as far as it tells why nothing happens yet. */
export interface MailedFacts {
  /** Why it waits or was refused; null where it is on its way to the user. */
  readonly code: FaultCode | null
  readonly answer: string
  readonly queuedAtMs: number
  readonly nextAtMs: number | null
}

/**
 * What to say of a user, or a password, for whom no activation was started.
 * @param mails those of this password
 */
export function explainGrant(
  grant: Grant | null,
  nowMs: number,
  mails: readonly MailedFacts[] = [],
): Omit<Explanation, 'stage'> {
  const at = (code: FaultCode, sinceMs: number) => {
    const { says, next, turn } = faultRow(code)
    return { code, says, next, turn, sinceMs, retryAtMs: null }
  }
  if (grant === null)
    return {
      code: null,
      says: 'No activation password was ever set for this user.',
      turn: 'administrator',
      sinceMs: nowMs,
      next: 'Set one with `postkey password generate <address>`.',
      retryAtMs: null,
    }
  const state = grantStateAt(grant, nowMs)
  const stuck = mails.find(({ code }) => code !== null)
  switch (state) {
    case 'open':
      if (stuck?.code) return mailWords(stuck, stuck.code)
      if (isEarly(grant, nowMs)) return early(grant)
      return {
        code: null,
        says: 'An activation password is set; no handheld has asked to activate with it yet.',
        turn: 'user',
        sinceMs: grant.createdAtMs,
        next: 'The user types the address and the password on the handheld before it expires.',
        retryAtMs: null,
      }
    case 'claimed':
      return at('grant.claimed', grant.claim?.atMs ?? grant.createdAtMs)
    case 'used':
      return at('grant.used', grant.closedAtMs ?? grant.createdAtMs)
    case 'expired':
      return at('grant.expired', grant.expiresAtMs)
    case 'replaced':
      return at('grant.replaced', grant.closedAtMs ?? grant.createdAtMs)
    case 'revoked':
      return at('grant.revoked', grant.closedAtMs ?? grant.createdAtMs)
    default:
      return unreachable(state)
  }
}

/** Set, and its time has not come; nobody has asked yet. */
const early = (grant: Grant): Omit<Explanation, 'stage'> => ({
  code: null,
  says: 'An activation password is set and begins to work later.',
  turn: 'user',
  sinceMs: grant.createdAtMs,
  next: 'The user types the address and the password on the handheld when it has begun.',
  retryAtMs: grant.notBeforeMs ?? null,
})

/** The user cannot have the password yet. */
function mailWords(mail: MailedFacts, code: FaultCode): Omit<Explanation, 'stage'> {
  const { says, next, turn } = faultRow(code)
  const said = mail.answer === '' ? says : `${says} (${mail.answer})`
  return { code, says: said, next, turn, sinceMs: mail.queuedAtMs, retryAtMs: mail.nextAtMs }
}

/** What to say of a disabled user, whatever password there is. */
export function explainDisabled(sinceMs: number): Omit<Explanation, 'stage'> {
  const { says, next, turn } = faultRow('user.disabled')
  return { code: 'user.disabled', says, next, turn, sinceMs, retryAtMs: null }
}
