/** Where things can stop or wait: the request. */
import type { FaultRow } from '../fault.ts'

export const requestFaults = {
  'request.expired': {
    says: 'The activation request was older than its life when the server saw it.',
    next: 'Find what held the mail (greylisting, a queue, a quota), then the user starts again.',
    turn: 'user',
    retry: 'new_try',
    e: 6,
  },
  'request.clock': {
    says: "The relay stamped the request more than five minutes ahead of this server's clock.",
    next: 'Set the clocks of relay and server by NTP, then the user starts again.',
    turn: 'administrator',
    retry: 'new_try',
    e: 6,
  },
  'request.unknown': {
    says: 'A handheld sent a proof for a transaction this server does not know.',
    next: 'Nothing, unless it stays: then the user starts again on the handheld.',
    turn: 'user',
    retry: 'new_try',
    e: 6,
  },
  'request.too_old_software': {
    says: "The handheld's software speaks a version or key-derivation profile this server does not accept.",
    next: "Update the handheld's software, or allow its profile in the configuration.",
    turn: 'administrator',
    retry: 'administrator',
    e: 7,
  },
  'request.no_common_suite': {
    says: 'The handheld and this server have no encryption algorithm in common.',
    next: 'Compare `[activation] algorithms` with what the handheld offers; allow one of them or update it.',
    turn: 'administrator',
    retry: 'administrator',
    e: 8,
  },
  'request.no_post_quantum': {
    says: 'This server demands ML-KEM-768 beside the password, and the handheld did not offer it.',
    next: "Update the handheld's software, or set `[activation] post_quantum` to optional.",
    turn: 'administrator',
    retry: 'administrator',
    e: 8,
  },
  'request.damaged': {
    says: 'A key share or a sealed part of the request was damaged on its way.',
    next: 'The user tries again; if it repeats, look at what changes the mail or the frames.',
    turn: 'user',
    retry: 'new_try',
    e: 9,
  },
  'request.superseded': {
    says: "A newer activation of the same handheld took this one's place.",
    next: 'Nothing: follow the newer activation.',
    turn: 'user',
    retry: 'none',
    e: 6,
  },
  'request.crowded_out': {
    says: 'Too many activations were open under one password, and this was the oldest.',
    next: 'Find out who floods the address; the user starts again.',
    turn: 'user',
    retry: 'new_try',
    e: 6,
  },
  'mail.not_seen': {
    says: 'The relay has mailed the request, but it has not appeared in the mailbox.',
    next: "Look at the mail server's queue and log, its filters, greylisting and the Junk folder.",
    turn: 'mail_server',
    retry: 'automatic',
  },
  'mail.lost': {
    says: "The request's life ended and its mail never appeared in the mailbox.",
    next: "Find the mail by its Message-ID in the mail server's log, then the user starts again.",
    turn: 'administrator',
    retry: 'new_try',
  },
  'mail.not_read': {
    says: 'The mail lies in the mailbox, and the agent has not read it in time.',
    next: 'Look for imap.* in the log; with the interval scan alone it may take `[agent] scan_interval_seconds`.',
    turn: 'server',
    retry: 'automatic',
  },
  'mail.set_aside': {
    says: 'A mail took too much time or memory to read; it was left in the mailbox and passed over.',
    next: 'Nothing, unless it was an activation message: then the user starts again.',
    turn: 'user',
    retry: 'new_try',
  },

  'mail.stripped': {
    says: 'The mail of the request is in the mailbox, but its ETP.DAT was taken out or damaged on the way.',
    next: 'Let mail from the relay pass unchanged (attachment filters, banners, encryption), then the user starts again.',
    turn: 'administrator',
    retry: 'new_try',
  },
  'mail.gone': {
    says: 'A new mail was taken out of the inbox before the server could look at it.',
    next: 'Find the mail client, POP3 download or filter that moves or deletes new mail; then the user starts again.',
    turn: 'user',
    retry: 'new_try',
  },
  'mail.in_junk': {
    says: 'The mail of the request was put into the Junk folder, where the server found it.',
    next: "Let mail from the relay's address pass the spam filter.",
    turn: 'administrator',
    retry: 'none',
  },
  'mail.duplicate': {
    says: 'The same mail came more than once; it counts once, and the stored answer is repeated.',
    next: 'Nothing; if it repeats, look for what duplicates or replays mail.',
    turn: 'server',
    retry: 'none',
  },
  'request.taken': {
    says: 'Another server answered this request first: two servers read this mailbox.',
    next: "Have the relay's operator allow this mail domain to one server alone, and keep the other from the mailbox.",
    turn: 'administrator',
    retry: 'new_try',
  },
  'agent.behind': {
    says: 'The Messaging Agent does not run, hangs or is behind.',
    next: 'See that `postkey serve` or `postkey agent` runs, and what `postkey status` says of it.',
    turn: 'administrator',
    retry: 'automatic',
  },
} as const satisfies Record<string, FaultRow>
