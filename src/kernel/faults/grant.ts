/** Where things can stop or wait: the grant: one activation password set for a user. */
import type { FaultRow } from '../fault.ts'

export const grantFaults = {
  'grant.none': {
    says: 'A handheld asked to activate, but no activation password is set for this user.',
    next: 'Set one with `postkey password generate <address>` and have the user try again.',
    turn: 'administrator',
    retry: 'new_password',
    e: 5,
  },
  'grant.not_yet': {
    says: 'A handheld asked to activate before the activation password begins to work.',
    next: 'The user starts again on the handheld when it has begun: `postkey user show` says when. A new password can begin at once.',
    turn: 'user',
    retry: 'new_try',
    e: 5,
  },
  'grant.expired': {
    says: 'The activation password expired before the handheld proved that it knows it.',
    next: 'Generate a new password; the user starts again on the handheld.',
    turn: 'administrator',
    retry: 'new_password',
    e: 5,
  },
  'grant.revoked': {
    says: 'The activation password was revoked by an administrator.',
    next: 'Generate a new password if the user should still activate.',
    turn: 'administrator',
    retry: 'new_password',
    e: 5,
  },
  'grant.replaced': {
    says: 'A newer activation password replaced the one this activation was started with.',
    next: 'The user starts again on the handheld with the newer password.',
    turn: 'user',
    retry: 'new_try',
    e: 5,
  },
  'grant.used': {
    says: 'The activation password was already used; it works once.',
    next: 'Generate a new password if another activation is wanted.',
    turn: 'administrator',
    retry: 'new_password',
    e: 13,
  },
  'grant.claimed': {
    says: 'Another handheld has already proved this activation password.',
    next: "Check the PIN that claimed it; if it is not the user's, revoke the password and generate a new one.",
    turn: 'administrator',
    retry: 'new_password',
    e: 13,
  },
  'grant.alias': {
    says: 'The address typed reaches the mailbox but is not one the activation password was set for.',
    next: 'The user types the main address; or add this one with `postkey user set <address> --add-alias`, and generate a new password.',
    turn: 'user',
    retry: 'new_try',
    e: 4,
  },
  'grant.bound_elsewhere': {
    says: "This activation is bound to another handheld's PIN.",
    next: 'Activate the named handheld, or set a password without a PIN.',
    turn: 'administrator',
    retry: 'administrator',
    e: 3,
  },
} as const satisfies Record<string, FaultRow>
