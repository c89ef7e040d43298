/** Where things can stop or wait: mail that our SMTP server hands on to a mail server. */
import type { FaultRow } from '../fault.ts'

export const deliveryFaults = {
  'delivery.unreachable': {
    says: 'The mail server that mail is handed on to cannot be reached, or does not answer in time.',
    next: 'Check that it runs, and `[delivery]`; senders were told to try again, and nothing is lost meanwhile.',
    turn: 'mail_server',
    retry: 'automatic',
  },
  'delivery.put_off': {
    says: 'The mail server took a mail not now: senders are told to try again.',
    next: 'Read its answer in the log line; a full mailbox or disk is the usual reason.',
    turn: 'mail_server',
    retry: 'automatic',
  },
  'delivery.refused': {
    says: 'The mail server refused a mail for good, and so did we.',
    next: 'Read its answer in the log line and in its own log; its sender has heard it too.',
    turn: 'administrator',
    retry: 'none',
  },
  'delivery.no_user': {
    says: 'The mail server has no mailbox for this recipient.',
    next: 'Make the mailbox there if there should be one; with `to = "append"` Postkey makes none.',
    turn: 'administrator',
    retry: 'none',
  },
  'delivery.protocol': {
    says: 'The mail server that mail is handed on to answered something that is no LMTP.',
    next: 'Check that `[delivery] host` and `port`, or `socket`, are those of its LMTP service, and `tls`.',
    turn: 'administrator',
    retry: 'automatic',
  },
} as const satisfies Record<string, FaultRow>
