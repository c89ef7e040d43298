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
    says: 'The IMAP server refused the log-in.',
    next: "Check the service account's name and password file in `[imap]`, or set the user's own with `postkey user mailbox-password`.",
    turn: 'administrator',
    retry: 'administrator',
  },
  'imap.no_mechanism': {
    says: 'The IMAP server does not offer the configured way of logging in.',
    next: 'Compare `[imap] auth` and `access` with what the server lists as AUTH= in its capabilities.',
    turn: 'administrator',
    retry: 'administrator',
  },
  'imap.no_password': {
    says: "The password of the user's mailbox is not known.",
    next: 'Set it with `postkey user mailbox-password <address>`.',
    turn: 'administrator',
    retry: 'administrator',
  },
  'imap.token_refused': {
    says: 'The IMAP server refused a new access token.',
    next: 'Check the scope of the token, whose it is, and whether it may open this mailbox.',
    turn: 'administrator',
    retry: 'automatic',
  },
  'imap.token_denied': {
    says: 'The token server refuses to give an access token.',
    next: 'Check `client_id`, `client_secret_file`, `refresh_token_file` and `scope` of `[imap]`; a refresh token may have been withdrawn.',
    turn: 'administrator',
    retry: 'automatic',
  },
  'imap.token_unavailable': {
    says: 'No access token for the IMAP server could be got.',
    next: 'Check `token_command` or `token_url` of `[imap]`; it is tried again by itself.',
    turn: 'administrator',
    retry: 'automatic',
  },
  'imap.too_many_connections': {
    says: 'The IMAP server allows no more connections.',
    next: 'The agent works on with fewer and tries more again by itself; raise the limit at the server, or lower `[agent] connections`.',
    turn: 'mail_server',
    retry: 'automatic',
  },
  'imap.login_unanswered': {
    says: 'The IMAP server greets, but does not answer the log-in.',
    next: 'It may have no process left for another connection: raise its limit (Dovecot: `service imap { process_limit }`), or lower `[agent] connections`.',
    turn: 'mail_server',
    retry: 'automatic',
  },
  'imap.throttled': {
    says: 'The IMAP server says that it has no time now.',
    next: 'The agent waits and tries again by itself; if it stays so, look at the load and the limits of the mail server.',
    turn: 'mail_server',
    retry: 'automatic',
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
  'watch.not_told': {
    says: 'A way of hearing about new mail did not tell of a mail that was there, and is not used.',
    next: 'Nothing is missed: the next best way is used, and it is tried again each hour. `postkey doctor` names it.',
    turn: 'mail_server',
    retry: 'automatic',
  },
  'push.token': {
    says: "The mail server's push hook does not have the right token.",
    next: 'Give it the text of `[agent] push_token_file`, as `Authorization: Bearer …`, and reload the mail server.',
    turn: 'administrator',
    retry: 'automatic',
  },
  'push.malformed': {
    says: 'What the push hook sent is no hint: a JSON object with user and mailbox, and perhaps uidvalidity and uid.',
    next: 'Use the script that is in docker/dovecot; docs/how-to/beside-dovecot.md says what one of your own sends.',
    turn: 'administrator',
    retry: 'automatic',
  },
  'push.too_large': {
    says: 'What the push hook sent is larger than a hint can be.',
    next: 'A hint has at most 4,096 bytes: it says that a mail came, and does not bring it.',
    turn: 'administrator',
    retry: 'automatic',
  },
  'push.too_often': {
    says: 'The push hook speaks more often than it is listened to.',
    next: 'Nothing is lost: mailboxes are looked at all the same. See who else calls it, and with which token.',
    turn: 'mail_server',
    retry: 'automatic',
  },
  'push.silent': {
    says: "The mail server's push hook has not been heard since Postkey was started.",
    next: "Send a mail to any user. If it stays silent, check its URL and token, and read the mail server's log.",
    turn: 'administrator',
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
