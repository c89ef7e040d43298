import { accessCases } from './access.ts'
import { accountCases, tokenCases } from './accounts.ts'
import { activationCases } from './activations.ts'
import type { Admin } from './admin.ts'
import { auditCases } from './audit.ts'
import { bookCases } from './books.ts'
import { commandCases } from './commands.ts'
import { directoryCases } from './directory-sync.ts'
import { groupCases } from './groups.ts'
import { handheldCases } from './handhelds.ts'
import { keyCases } from './keys.ts'
import { mailboxCases } from './mailboxes.ts'
import { passwordCases } from './passwords.ts'
import { policyCases } from './policies.ts'
import type { AdminParts } from './ports.ts'
import { queueCases } from './queue.ts'
import { srpCases } from './srp.ts'
import { readStatus } from './status.ts'
import { userCases } from './users.ts'

/** The use cases over an open store. */
export const makeAdmin = (parts: AdminParts): Admin => ({
  users: userCases(parts),
  groups: groupCases(parts),
  directory: directoryCases(parts),
  passwords: passwordCases(parts),
  activations: activationCases(parts),
  handhelds: { ...handheldCases(parts), ...commandCases(parts) },
  policies: policyCases(parts),
  queue: queueCases(parts),
  books: bookCases(parts),
  keys: keyCases(parts),
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
