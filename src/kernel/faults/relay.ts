/** Where things can stop or wait: the relay. */
import type { FaultRow } from '../fault.ts'

export const relayFaults = {
  'relay.unreachable': {
    says: 'The relay cannot be reached.',
    next: "Check the relay's address, port and certificate; the connection is tried again by itself.",
    turn: 'relay',
    retry: 'automatic',
  },
  'relay.login_failed': {
    says: 'The relay refused the log-in.',
    next: "Check the SRP id and its key (server) or the handheld's identity.",
    turn: 'administrator',
    retry: 'administrator',
    e: 20,
  },
  'relay.suspended': {
    says: "The relay's operator or a rule has suspended this name.",
    next: 'Find out whether the SRP key was copied; then `postkey srp resume <id>` at the relay.',
    turn: 'administrator',
    retry: 'administrator',
    e: 20,
  },
  'relay.displaced': {
    says: "A newer log-in with the same name took this connection's place.",
    next: 'Make sure that only one machine uses this SRP id, then start the other side again.',
    turn: 'administrator',
    retry: 'administrator',
    e: 20,
  },
  'relay.protocol': {
    says: 'The other side of the relay connection sent a frame that does not follow the protocol.',
    next: 'Update both sides; if they are current, report it with the log line.',
    turn: 'administrator',
    retry: 'automatic',
  },
  'relay.unknown_name': {
    says: 'The relay does not know this name (often after a restore of the relay).',
    next: 'Server: `postkey srp add <id>` at the relay. Handheld: remove its relay identity, then activate again.',
    turn: 'administrator',
    retry: 'administrator',
    e: 20,
  },
  'relay.not_proved': {
    says: 'The relay could not prove that it is the one named in the configuration.',
    next: "Check the relay's name and the SRP key; both must be the same on both sides.",
    turn: 'administrator',
    retry: 'automatic',
    e: 1,
  },
  'relay.version': {
    says: 'The relay does not speak this version of the protocol.',
    next: 'Update the older of the two sides.',
    turn: 'administrator',
    retry: 'administrator',
    e: 7,
  },
  'relay.too_many': {
    says: 'The relay was sent too many frames, log-ins or enrolments from here.',
    next: 'Nothing at first: it is tried again by itself. If it stays, raise the limit at the relay.',
    turn: 'relay',
    retry: 'automatic',
    e: 17,
  },
  'relay.untrusted': {
    says: "The relay's TLS certificate is not trusted.",
    next: "Give the handheld or server the relay's CA certificate (docs/how-to/trust-a-relay.md).",
    turn: 'administrator',
    retry: 'administrator',
    e: 1,
  },
  'relay.not_listed': {
    says: 'The handheld no longer lists this server, so the relay passes nothing to it.',
    next: 'The handheld was activated elsewhere or erased; remove it or activate it again.',
    turn: 'administrator',
    retry: 'administrator',
    e: 18,
  },
  'relay.queue_full': {
    says: "The handheld's queue at the relay is full.",
    next: 'Wait: it empties when the handheld comes on the air.',
    turn: 'handheld',
    retry: 'automatic',
  },
  'relay.fenced': {
    says: "The relay has a newer lease of this server's name than this machine holds.",
    next: 'Stop this machine: another one works for the same SRP id, or this one was restored from a backup.',
    turn: 'administrator',
    retry: 'administrator',
  },
  'relay.mail_queued': {
    says: 'So many requests are being mailed to this address that this one waits its turn at the relay.',
    next: 'Nothing: handhelds take turns. Find out who floods the address (`postkey activation list --of`).',
    turn: 'relay',
    retry: 'automatic',
  },
  'relay.domain_refused': {
    says: 'The relay does not allow this server to serve one of its mail domains.',
    next: "Have the relay's operator allow the domain: `postkey srp add --domain`.",
    turn: 'administrator',
    retry: 'administrator',
  },
} as const satisfies Record<string, FaultRow>
