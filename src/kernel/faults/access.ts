/** Where things can stop or wait: who may administer, and the log of what they did. */
import type { FaultRow } from '../fault.ts'

export const accessFaults = {
  'admin.unauthenticated': {
    says: 'The token or password was not accepted: it is wrong, missing, ran out, was revoked, or its account is disabled.',
    next: 'Log in again with `postkey login`, or ask for a new token; see docs/how-to/roles-and-tokens.md.',
    turn: 'administrator',
    retry: 'administrator',
  },
  'admin.not_allowed': {
    says: 'Your role may not do this.',
    next: 'Ask somebody whose role may; docs/how-to/roles-and-tokens.md says which.',
    turn: 'administrator',
    retry: 'administrator',
  },
  'admin.too_many_tries': {
    says: 'So many wrong passwords or tokens came in that none is looked at for the moment.',
    next: 'Wait a minute and try again; if it was not you, look at `postkey audit list --what login`.',
    turn: 'administrator',
    retry: 'new_try',
  },
  'account.unknown': {
    says: 'There is no account of this name.',
    next: 'Look at `postkey account list`.',
    turn: 'administrator',
    retry: 'none',
  },
  'account.exists': {
    says: 'There is an account of this name already.',
    next: 'Look at `postkey account list`, or choose another name.',
    turn: 'administrator',
    retry: 'none',
  },
  'account.invalid': {
    says: 'An account or token cannot be made of this.',
    next: 'A name has 1 to 32 of a-z, 0-9, dot, hyphen, underscore; a password 12 to 256 characters; see the roles in docs/how-to/roles-and-tokens.md.',
    turn: 'administrator',
    retry: 'none',
  },
  'account.last_security': {
    says: 'This is the last account with the role security: without it no account could give rights any more.',
    next: 'Give the role to another account first.',
    turn: 'administrator',
    retry: 'none',
  },
  'token.unknown': {
    says: 'There is no token of this name or id that is still good.',
    next: 'Look at `postkey token list`.',
    turn: 'administrator',
    retry: 'none',
  },
  'token.exists': {
    says: 'A token of this name is still good.',
    next: 'Revoke it first, or choose another name.',
    turn: 'administrator',
    retry: 'none',
  },
  'audit.broken': {
    says: 'The audit log is not whole: a line was changed, removed or moved, or its end was cut off.',
    next: 'Keep the database as it is, compare it with the last export and backup, and find out who could write to it.',
    turn: 'administrator',
    retry: 'none',
  },
  'audit.unreadable': {
    says: 'This file is no export of the audit log.',
    next: 'Name a file that `postkey audit export` wrote.',
    turn: 'administrator',
    retry: 'none',
  },
} as const satisfies Record<string, FaultRow>
