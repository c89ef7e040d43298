/** What the process says to scripts; `postkey help exit-codes` prints this table. */
import type { FaultCode } from '#kernel/fault.ts'

export const exitCodes = {
  ok: [0, 'Done.'],
  failed: [
    1,
    'Failed; also a status or a doctor with something broken, an import with rows set aside, a damaged database.',
  ],
  usage: [2, 'The command or a value in it was not understood.'],
  not_found: [3, 'No such user, activation, handheld, server, password or rule.'],
  conflict: [4, 'Something of this name exists already, or the name means several.'],
  no_server: [5, 'No running server answers, and the command needs one.'],
  attention: [6, 'The doctor found something that needs attention, and nothing broken.'],
  unavailable: [69, 'The database, the mail server or the relay cannot be reached.'],
  internal: [70, 'A mistake of Postkey itself; please report it.'],
  not_allowed: [77, 'Your role may not do this, or the token or password was not accepted.'],
  config: [78, 'The configuration or the storage key is wrong.'],
  cancelled: [130, 'Cancelled at a prompt.'],
} as const satisfies Record<string, readonly [number, string]>

export type ExitName = keyof typeof exitCodes

export const exitCode = (name: ExitName): number => exitCodes[name][0]

const byCode: Partial<Record<FaultCode, ExitName>> = {
  'user.unknown': 'not_found',
  'activation.unknown': 'not_found',
  'handheld.unknown': 'not_found',
  'srp.unknown': 'not_found',
  'access.unknown': 'not_found',
  'policy.unknown': 'not_found',
  'policy.rule_unknown': 'not_found',
  'group.unknown': 'not_found',
  'queue.unknown': 'not_found',
  'book.unknown': 'not_found',
  'password.none': 'not_found',
  'imap.no_password': 'not_found',
  'account.unknown': 'not_found',
  'token.unknown': 'not_found',
  'account.exists': 'conflict',
  'token.exists': 'conflict',
  'user.exists': 'conflict',
  'srp.exists': 'conflict',
  'policy.exists': 'conflict',
  'policy.changed': 'conflict',
  'queue.ended': 'conflict',
  'handheld.not_active': 'conflict',
  'policy.default': 'conflict',
  'admin.running': 'conflict',
  'activation.ambiguous': 'conflict',
  'admin.unauthenticated': 'not_allowed',
  'admin.not_allowed': 'not_allowed',
  'admin.too_many_tries': 'not_allowed',
  'account.invalid': 'usage',
  'admin.usage': 'usage',
  'policy.name': 'usage',
  'policy.rule_value': 'usage',
  'book.needed': 'usage',
  'address.invalid': 'usage',
  'address.foreign_domain': 'usage',
  'password.too_short': 'usage',
  'password.unusable': 'usage',
  'srp.invalid': 'usage',
  'invitation.no_sender': 'config',
  'invitation.template': 'config',
  'admin.no_server': 'no_server',
  'store.unavailable': 'unavailable',
  'listen.in_use': 'unavailable',
  'listen.refused': 'unavailable',
  'imap.unreachable': 'unavailable',
  'smtp.unreachable': 'unavailable',
  'relay.unreachable': 'unavailable',
  'internal.invariant': 'internal',
  'config.invalid': 'config',
  'storage_key.wrong': 'config',
}

export const exitNameOf = (code: FaultCode): ExitName => byCode[code] ?? 'failed'
