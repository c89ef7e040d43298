/** Where things can stop or wait: policy and service books. */
import type { FaultRow } from '../fault.ts'

export const servicesFaults = {
  'policy.not_acknowledged': {
    says: 'The IT policy was sent and the handheld has not yet reported that it applied it.',
    next: 'Nothing at first: it is sent again by itself. If it stays, check that the handheld is on the air.',
    turn: 'handheld',
    retry: 'automatic',
  },
  'policy.cut_off': {
    says: 'The handheld has not applied its IT policy within `[policy] cut_off_hours`: it gets and sends no mail, calendar or sync until it does.',
    next: 'See what stops it with `postkey handheld show <pin>`; bring the handheld on the air, or remove it.',
    turn: 'handheld',
    retry: 'automatic',
  },
  'policy.refused': {
    says: 'The handheld refused the IT policy: its signature or signer did not verify.',
    next: "Check the domain's CA and the policy signer's certificate, then `postkey handheld resend-policy <pin>`.",
    turn: 'administrator',
    retry: 'administrator',
    e: 31,
  },
  'policy.other_domain': {
    says: 'The handheld refused the IT policy: it is bound to another server or handheld.',
    next: 'Check which server the handheld belongs to, then `postkey handheld resend-policy <pin>`.',
    turn: 'administrator',
    retry: 'administrator',
    e: 31,
  },
  'policy.number': {
    says: 'The handheld refused the IT policy: it already has one with a higher number.',
    next: 'See that the server does not run on an old copy of its database; else wipe the handheld and activate it again.',
    turn: 'administrator',
    retry: 'administrator',
    e: 31,
  },
  'policy.form': {
    says: 'The handheld did not understand the IT policy.',
    next: "Update the handheld's software, or take out the rule that its acknowledgement names.",
    turn: 'administrator',
    retry: 'administrator',
    e: 31,
  },
  'books.not_acknowledged': {
    says: 'The service books were sent and the handheld has not yet registered them.',
    next: 'Nothing at first: they are sent again by themselves. If it stays, check the handheld.',
    turn: 'handheld',
    retry: 'automatic',
  },
  'books.refused': {
    says: 'The handheld refused the service books.',
    next: "Check the books with `postkey activation explain`; the handheld's software may be too old.",
    turn: 'administrator',
    retry: 'administrator',
  },
  'books.left_out': {
    says: 'The activation is complete, but the handheld did not take all service books.',
    next: 'Update the handheld, or do without what these books are for; the others work.',
    turn: 'administrator',
    retry: 'administrator',
  },
  'command.not_acknowledged': {
    says: 'The command was sent and the handheld has not yet answered.',
    next: 'Nothing at first: it is sent again by itself, and at once when anything comes from the handheld.',
    turn: 'handheld',
    retry: 'automatic',
  },
  'command.refused': {
    says: 'The handheld refused the command: its signature, addressee, number or form did not fit.',
    next: "Check the policy signer's certificate, then give the command again.",
    turn: 'administrator',
    retry: 'administrator',
    e: 31,
  },
  'command.unknown': {
    says: "The handheld's software does not know this command.",
    next: 'Do without, or update the handheld; remove it where it must not go on working.',
    turn: 'administrator',
    retry: 'administrator',
  },
  'queue.set_aside': {
    says: 'An item for the handheld could not be made, five times in a row; it is set aside and the others go on.',
    next: 'Read its code with `postkey queue show`, mend the cause, then `postkey queue resend`.',
    turn: 'administrator',
    retry: 'administrator',
  },
  'packet.undelivered': {
    says: 'For seven days a message for the handheld was sent again and never acknowledged; it is sealed anew and sent on.',
    next: 'Check that the handheld is on the air and still in use; activate it again if it is not.',
    turn: 'administrator',
    retry: 'administrator',
  },
  'packet.unknown_key': {
    says: 'The handheld used a key this server does not know (often after a restore).',
    next: 'The user activates the handheld again.',
    turn: 'user',
    retry: 'new_password',
    e: 19,
  },
  'key.overdue': {
    says: "The handheld's key was not rolled over for sixty days: only keys, policies and acknowledgements are sent under it.",
    next: 'Nothing at first: the server goes on offering a new key. If it stays, check that the handheld is on the air.',
    turn: 'handheld',
    retry: 'automatic',
  },
} as const satisfies Record<string, FaultRow>
