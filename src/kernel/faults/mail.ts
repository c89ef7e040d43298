/** Where things can stop or wait: mail. */
import type { FaultRow } from '../fault.ts'

export const mailFaults = {
  'imap.unreachable': {
    says: 'The IMAP server cannot be reached.',
    next: 'Check host, port and TLS of `[imap]`; it is tried again by itself.',
    turn: 'mail_server',
    retry: 'automatic',
  },
  'imap.login_failed': {
    says: "The IMAP server refused the service account's log-in.",
    next: "Check the service account's name and password file in `[imap]`.",
    turn: 'administrator',
    retry: 'administrator',
  },
  'imap.no_mailbox': {
    says: "The user's mailbox does not exist on the IMAP server, or the service account may not see it.",
    next: "On many servers it comes into being with the first mail. Otherwise check `[imap] mailbox` and the service account's rights.",
    turn: 'administrator',
    retry: 'automatic',
  },
  'imap.no_right': {
    says: 'The service account lacks a right on the mailbox.',
    next: 'Grant lookup, read and seen (lrs), and delete (te) if ETP messages should be removed.',
    turn: 'administrator',
    retry: 'automatic',
  },
  'imap.protocol': {
    says: 'The IMAP server answered something the agent does not understand.',
    next: 'The connection is made anew by itself; if it repeats, report it with the log line.',
    turn: 'mail_server',
    retry: 'automatic',
  },
  'smtp.refused': {
    says: 'The SMTP server refused the mail.',
    next: "Read its answer in the relay's log; the address may not exist.",
    turn: 'administrator',
    retry: 'new_try',
    e: 2,
  },
  'smtp.login_failed': {
    says: "The SMTP server refused the relay's log-in.",
    next: 'Check `user` and `password_file` of `[relay.smtp]` or of the route that is named.',
    turn: 'administrator',
    retry: 'automatic',
  },
  'smtp.unreachable': {
    says: 'The SMTP server cannot be reached or put the mail off.',
    next: "Check `[relay.smtp]`; the relay tries again until the request's life ends.",
    turn: 'mail_server',
    retry: 'automatic',
    e: 1,
  },
} as const satisfies Record<string, FaultRow>
