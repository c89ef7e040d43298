/** The mails that bring users their passwords: who may have them sent, and what hands them on. */
import type { InvitationOffice } from '#admin/ports.ts'
import { startInvitations } from '#agent/invitations.ts'
import type { Config } from '#config/schema.ts'
import { composeLetter, type Letterhead } from '#invitation/compose.ts'
import { templateMistakes } from '#invitation/templates.ts'
import type { Base } from './base.ts'
import { invitationRoutes } from './smtp-routes.ts'

/** Null where the configuration names no sender. */
export function invitationOffice({ invitation }: Config): InvitationOffice | null {
  if (invitation.from === '') return null
  return {
    language: invitation.language,
    mistakes: (language) => templateMistakes(invitation.templates_dir, language),
  }
}

/** @param smtpPort where the embedded SMTP server listens, for mail that goes there */
export function startInvitationMails(base: Base, smtpPort: number): { close(): Promise<void> } {
  if (base.config.invitation.from === '') return { close: async () => {} }
  const letterhead = letterheadOf(base.config)
  const client = base.edge.smtpClient(invitationRoutes(base, smtpPort))
  const loop = startInvitations({
    ...base,
    log: base.log.with({ role: 'agent' }),
    compose: (letter) => composeLetter(letterhead, letter, base.clock.nowMs()),
    send: client.send,
  })
  return {
    close: async () => {
      await loop.close()
      client.close()
    },
  }
}

const letterheadOf = ({ invitation, server }: Config): Letterhead => ({
  from: { name: invitation.from_name || server.organisation, address: invitation.from },
  replyTo: invitation.reply_to,
  organisation: server.organisation,
  helpdesk: invitation.helpdesk,
  timeZone: invitation.time_zone,
  templatesDir: invitation.templates_dir,
})
