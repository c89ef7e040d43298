/** Where things can stop or wait: the mails that bring a user the instructions and the activation password. */
import type { FaultRow } from '../fault.ts'

export const invitationFaults = {
  'invitation.no_sender': {
    says: 'No password can be mailed: the configuration names no address that such mails come from.',
    next: 'Set `[invitation] from`, and `[invitation.smtp]` if another mail server is to take them.',
    turn: 'administrator',
    retry: 'administrator',
  },
  'invitation.template': {
    says: 'The template of a mail cannot be used.',
    next: 'Correct the file that is named; `postkey config check` looks at all of them (docs/how-to/give-out-passwords.md).',
    turn: 'administrator',
    retry: 'automatic',
  },
  'invitation.queued': {
    says: 'The mail with the activation password is written down and has not been handed to the mail server yet.',
    next: 'Nothing, if a server runs: it goes out in a moment. Otherwise start one with `postkey serve`.',
    turn: 'server',
    retry: 'automatic',
  },
  'invitation.put_off': {
    says: 'The mail server has not taken the mail with the activation password yet.',
    next: 'See its words; the mail is tried again by itself until the password has expired.',
    turn: 'mail_server',
    retry: 'automatic',
  },
  'invitation.refused': {
    says: 'The mail server refused the mail with the activation password for good.',
    next: 'See its words; correct the address, or `[invitation]`, and send a new password.',
    turn: 'administrator',
    retry: 'new_password',
  },
} as const satisfies Record<string, FaultRow>
