/** Mails that bring a user the instructions and, apart from them, the activation password. */
import type { MailAddress } from '#kernel/brand.ts'
import { toHex, utf8 } from '#kernel/bytes.ts'
import { Fault } from '#kernel/fault.ts'
import { type Invitation, invitationContext, type NewInvitation } from '#store/invitations.ts'
import type { User } from '#store/users.ts'
import type { SendTerms } from '../admin.ts'
import { addressOf } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'
import type { InvitationView } from '../views.ts'

type Parts = Pick<AdminParts, 'store' | 'vault' | 'random' | 'invitations'>

/**
 * Both mails of one password, to be queued with its grant.
 * @param password as the user is to type it
 * @throws Fault invitation.no_sender, invitation.template, address.invalid
 */
export function invitationsFor(
  { vault, random, invitations: office }: Parts,
  user: User,
  password: string,
  { to, instructionsTo, language: asked }: SendTerms,
): NewInvitation[] {
  if (!office) throw new Fault('invitation.no_sender')
  const language = asked ?? office.language
  const [mistake] = office.mistakes(language)
  if (mistake !== undefined) throw new Fault('invitation.template', mistake)
  const mail = (
    part: NewInvitation['part'],
    typed: string | undefined,
    secret: string | null,
  ): NewInvitation => {
    const messageId = toHex(random.bytes(16))
    const sealed = secret === null ? null : vault.seal(invitationContext(messageId), utf8(secret))
    return { part, to: recipient(user, typed), language, messageId, sealed }
  }
  return [mail('instructions', instructionsTo, null), mail('password', to, password)]
}

const recipient = (user: User, typed: string | undefined): MailAddress =>
  typed === undefined ? user.address : addressOf(typed)

/** The mails of the user's newest password. */
export async function invitationViews(
  { store }: Pick<Parts, 'store'>,
  kept: { readonly grant: { readonly id: number } } | null,
): Promise<InvitationView[]> {
  return kept ? (await store.invitations.ofGrant(kept.grant.id)).map(view) : []
}

const view = (mail: Invitation): InvitationView => ({
  part: mail.part,
  to: mail.to,
  state: mail.state,
  code: mail.code ?? (mail.state === 'queued' ? 'invitation.queued' : null),
  answer: mail.answer,
  tries: mail.tries,
  queuedAtMs: mail.queuedAtMs,
  nextAtMs: mail.state === 'queued' ? mail.nextAtMs : null,
  endedAtMs: mail.endedAtMs,
})
