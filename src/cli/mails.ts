/** The mails of a password: where they go, and how far they came. */
import type { InvitationView, IssuedPassword } from '#admin/views.ts'
import { faultRow } from '#kernel/fault.ts'
import type { Run } from './run.ts'
import { relative } from './time.ts'

export function renderMails(run: Run, mails: readonly InvitationView[]): string {
  if (mails.length === 0) return ''
  const nowMs = run.deps.clock.nowMs()
  return `\n${run.table<InvitationView>(
    [
      { title: 'MAIL', value: ({ part }) => part },
      { title: 'TO', value: ({ to }) => to },
      { title: 'SINCE', value: ({ queuedAtMs }) => relative(queuedAtMs, nowMs) },
      { title: 'STATE', value: (mail) => mailWords(mail, nowMs), flexible: true },
    ],
    mails,
  )}`
}

function mailWords({ state, code, answer, endedAtMs, nextAtMs }: InvitationView, nowMs: number): string {
  const said = answer === '' ? '' : `: ${answer}`
  switch (state) {
    case 'sent':
      return `taken by the mail server ${relative(endedAtMs ?? nowMs, nowMs)}`
    case 'withdrawn':
      return 'withdrawn: the password was closed first'
    case 'refused':
      return `refused by the mail server${said}`
    default: {
      const again = nextAtMs === null || nextAtMs <= nowMs ? '' : `; tried again ${relative(nextAtMs, nowMs)}`
      if (code === null || code === 'invitation.queued') return 'not yet handed to the mail server'
      return code === 'invitation.put_off'
        ? `not yet taken by the mail server${said}${again}`
        : `${faultRow(code).says}${said}${again}`
    }
  }
}

/** Where the mails of a password that was just made go. */
export function sayMailed(run: Run, { address, mailedTo }: IssuedPassword): void {
  for (const { part, to } of mailedTo) run.note(`The ${part} for ${address} will be mailed to ${to}.`)
  if (mailedTo.length > 0) run.note(`postkey user show ${address} tells when the mail server has them.`)
}
