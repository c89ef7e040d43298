import { accessCases } from './access.ts'
import { accountCases, tokenCases } from './accounts.ts'
import { activationCases } from './activations.ts'
import type { Admin } from './admin.ts'
import { auditCases } from './audit.ts'
import { handheldCases } from './handhelds.ts'
import { mailboxCases } from './mailboxes.ts'
import { passwordCases } from './passwords.ts'
import type { AdminParts } from './ports.ts'
import { srpCases } from './srp.ts'
import { readStatus } from './status.ts'
import { userCases } from './users.ts'

/** The use cases over an open store. */
export const makeAdmin = (parts: AdminParts): Admin => ({
  users: userCases(parts),
  passwords: passwordCases(parts),
  activations: activationCases(parts),
  handhelds: handheldCases(parts),
  access: accessCases(parts),
  mailboxes: mailboxCases(parts),
  srp: srpCases(parts),
  database: parts.database,
  audit: auditCases(parts),
  accounts: accountCases(parts),
  tokens: tokenCases(parts),
  status: () => readStatus(parts),
  doctor: (options, signal = new AbortController().signal) => parts.doctor(options, signal),
})
