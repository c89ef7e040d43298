/** Where things can stop or wait: the proof. */
import type { FaultRow } from '../fault.ts'

export const proofFaults = {
  'proof.wrong_password': {
    says: 'The activation password typed on the handheld is not the one set for the user.',
    next: 'The user starts again and types the password with care; tries left are shown.',
    turn: 'user',
    retry: 'new_try',
    e: 10,
  },
  'proof.too_many_tries': {
    says: 'This handheld has used up its tries with this activation password.',
    next: 'Generate a new password.',
    turn: 'administrator',
    retry: 'new_password',
    e: 11,
  },
  'proof.guarded': {
    says: 'So many wrong passwords came in for this user that each handheld needs an approval by PIN.',
    next: 'Ask the user for the PIN on the screen and approve it with `postkey activation approve`, or generate a new password.',
    turn: 'administrator',
    retry: 'administrator',
    e: 15,
  },
  'proof.wrong_handheld': {
    says: 'The proof came from another handheld than the one that asked to activate.',
    next: 'Nothing: the transaction of the right handheld is untouched.',
    turn: 'server',
    retry: 'none',
    e: 3,
  },
  'proof.second': {
    says: 'A second, different proof came for a transaction that was already judged.',
    next: 'The user starts again; if it repeats, somebody interferes on the way.',
    turn: 'user',
    retry: 'new_try',
    e: 13,
  },
  'proof.not_allowed': {
    says: 'This handheld (PIN, maker or model) is not allowed by the access list.',
    next: 'See `postkey access check`; give the user another handheld, or let this one in with `postkey access allow`.',
    turn: 'administrator',
    retry: 'administrator',
    e: 16,
  },
  'proof.none': {
    says: 'The server answered, but the handheld never sent its proof before the transaction ended.',
    next: 'Check that the handheld is on the air, then the user starts again.',
    turn: 'user',
    retry: 'new_try',
  },
  'proof.not_confirmed': {
    says: 'The handheld proved the password but never showed the master key within a day.',
    next: 'Check that the handheld is on the air; the password works again if it has life left.',
    turn: 'user',
    retry: 'new_try',
  },
} as const satisfies Record<string, FaultRow>
