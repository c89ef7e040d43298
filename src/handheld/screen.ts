/** The words on the screen while all goes well, to the letter; those for failures are `#protocol/handheld-text.ts`. */
import type { MailAddress, SrpId } from '#kernel/brand.ts'
import type { PasswordOutcome } from './action.ts'
import { passwordBytesMax } from './password.ts'
import type { HandheldState } from './state.ts'

export const screens = {
  activating: 'Activating',
  verifying: 'Verifying Encryption',
  verified: 'Encryption Verified. Waiting for Services.',
  servicesReceived: 'Services Received',
  complete: 'Activation Complete',
  locked: 'Locked',
  unlocked: 'Unlocked',
  erased: 'This handheld was erased.',
  organisationErased: "Your organisation's data was erased from this handheld.",
} as const

/** The text that belongs on the screen, errors aside. */
export function screenOf({ run, failure, account }: HandheldState): string {
  if (run) return run.stage === 'mailing' || run.stage === 'waiting' ? screens.activating : screens.verifying
  if (failure) return failure.text
  if (!account) return ''
  if (account.complete) return screens.complete
  return account.stage === 'active' ? screens.servicesReceived : screens.verified
}

/** Behind a lock the owner's words are all there is to read. */
export const lockedText = (ownerText: string | null): string =>
  ownerText === null ? screens.locked : `${screens.locked}. ${ownerText}`

const tries = (left: number | null): string => {
  if (left === null) return ''
  return left === 1 ? ' 1 try is left before this handheld erases itself.' : ` ${left} tries are left.`
}

/** The rules are named together: who mends one fault does not meet the next. */
const needs = (demands: string): string => (demands === '' ? '' : ` Your organisation wants ${demands}.`)

/** What there is to know about a password that was typed: `left` as in `triesLeft`, `demands` as in `demanded`. */
interface Typed {
  readonly left: number | null
  readonly demands: string
}

/** What the user reads after typing a password. */
export const passwordTexts: Readonly<Record<PasswordOutcome, (typed: Typed) => string>> = {
  unlocked: () => screens.unlocked,
  must_change: () => 'Unlocked. Now choose a new password.',
  set: () => 'The password was set.',
  removed: () => 'The password was removed.',
  wrong: ({ left }) => `The password is not right.${tries(left)}`,
  erased: () => 'The password is not right, and was wrong too often.',
  required: () => 'Your organisation requires a password.',
  too_short: ({ demands }) => `This password is too short.${needs(demands)}`,
  pattern: ({ demands }) => `This password lacks a kind of character.${needs(demands)}`,
  used_before: () => 'This password was used before.',
  too_long: () => `This password is too long: it may have ${passwordBytesMax} bytes.`,
}

/** The angle and square brackets are part of the text. */
export const enabledText = (address: MailAddress, srpId: SrpId): string =>
  `Your email address, <${address}> is now enabled. Synchronization service Desktop [${srpId}]`

export const otherAccountText = (address: MailAddress): string =>
  `This handheld is set up for ${address}. Its data is erased when another address is activated.`
