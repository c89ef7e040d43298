/** Hands the mails that bring users their passwords to the mail server, until it has them. */
import { type Grant, isLive } from '#activation/grant.ts'
import type { Letter } from '#invitation/compose.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import { Fault, type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import type { Vault } from '#kernel/vault.ts'
import { retryDelayMs } from '#relay/mail-ask.ts'
import type { MailOutcome, Message } from '#smtp-client/smtp-client.ts'
import { type Ending, type Invitation, invitationContext } from '#store/invitations.ts'
import type { Store } from '#store/store.ts'
import type { User } from '#store/users.ts'
import { type Loop, makeLoop } from './loop.ts'

export interface InvitationParts {
  readonly store: Pick<Store, 'invitations' | 'users' | 'onCommit'>
  readonly vault: Vault
  readonly clock: Clock
  readonly log: Log
  readonly failpoint: Failpoint
  /** @throws Fault invitation.template, invitation.no_sender */
  compose(letter: Letter): Message
  /** Never rejects. */
  send(domain: string, message: Message): Promise<MailOutcome>
}

const atOnce = 8

export function startInvitations(parts: InvitationParts): Pick<Loop, 'close'> {
  const { store, clock, log } = parts
  const loop = makeLoop({
    clock,
    dueInMs: async () => {
      const atMs = await store.invitations.nextAtMs()
      return atMs === null ? null : atMs - clock.nowMs()
    },
    pass: async () => {
      const due = await store.invitations.due(clock.nowMs(), atOnce)
      await Promise.all(due.map((mail) => attempt(parts, mail)))
      return due.length
    },
    onError: (error) =>
      log.error({ code: faultCodeOf(error) }, 'mails with passwords could not be looked at'),
  })
  const stopListening = store.onCommit((changed) => {
    if (changed.has('invitations')) loop.poke()
  })
  return {
    close: () => {
      stopListening()
      return loop.close()
    },
  }
}

async function attempt(parts: InvitationParts, mail: Invitation): Promise<void> {
  try {
    await handOn(parts, mail)
  } catch (error) {
    // A mistake of ours must not keep the other mails waiting; of its words nobody knows what they hold.
    await putOff(parts, mail, faultCodeOf(error), error instanceof Fault ? error.detail : '')
  }
}

async function handOn(parts: InvitationParts, mail: Invitation): Promise<void> {
  const { store, clock } = parts
  const kept = await store.users.grant(mail.grantId)
  const user = kept && (await store.users.byId(kept.userId))
  // It may have closed since the mail was found due: a password that no longer works is of no use to anybody.
  if (!kept || !user || !isLive(kept.grant, clock.nowMs()))
    return end(parts, mail, { state: 'withdrawn', answer: '', code: null })
  const message = parts.compose(letterOf(user, kept.grant, mail, await passwordOf(parts, mail)))
  const domain = mail.to.slice(mail.to.lastIndexOf('@') + 1)
  const { kind, answer } = await parts.send(domain, message)
  parts.failpoint('agent.before_invitation_commit')
  if (kind === 'put_off') return putOff(parts, mail, 'invitation.put_off', answer)
  const refused = kind === 'refused'
  return end(parts, mail, {
    state: refused ? 'refused' : 'sent',
    answer,
    code: refused ? 'invitation.refused' : null,
  })
}

const letterOf = (user: User, grant: Grant, mail: Invitation, password: string): Letter => ({
  part: mail.part,
  to: mail.to,
  language: mail.language,
  messageId: mail.messageId,
  displayName: user.displayName,
  address: user.address,
  password,
  expiresAtMs: grant.expiresAtMs,
  notBeforeMs: grant.notBeforeMs ?? null,
})

/** Empty for the instructions. @throws Fault storage_key.wrong */
async function passwordOf({ store, vault }: InvitationParts, mail: Invitation): Promise<string> {
  if (mail.part === 'instructions') return ''
  const sealed = await store.invitations.sealed(mail.id)
  const plain = sealed && vault.open(invitationContext(mail.messageId), sealed)
  if (!plain) throw new Fault('storage_key.wrong', 'a password that is to be mailed does not open')
  return Buffer.from(plain).toString('utf8')
}

async function end(
  { store, clock, log }: InvitationParts,
  mail: Invitation,
  ending: Omit<Ending, 'nowMs'>,
): Promise<void> {
  await store.invitations.end(mail.id, { ...ending, nowMs: clock.nowMs() })
  const level = ending.state === 'refused' ? 'error' : 'info'
  const { state, answer, code } = ending
  log[level](
    { part: mail.part, outcome: state, answer, ...(code ? { code } : {}) },
    'a mail with a password was settled',
  )
}

async function putOff(
  { store, clock, log }: InvitationParts,
  mail: Invitation,
  code: FaultCode,
  answer: string,
): Promise<void> {
  const tries = mail.tries + 1
  await store.invitations.putOff(mail.id, clock.nowMs() + retryDelayMs(tries), answer, code)
  log.warn({ part: mail.part, code, answer, tries }, 'a mail with a password was put off')
}
