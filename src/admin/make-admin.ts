import { accountCases, tokenCases } from './access/accounts.ts'
import { accessCases } from './access/list.ts'
import { activationCases } from './activations.ts'
import type { Admin } from './admin.ts'
import { auditCases } from './audit/audit.ts'
import { commandCases } from './handhelds/commands.ts'
import { handheldCases } from './handhelds/handhelds.ts'
import { keyCases } from './keys.ts'
import { passwordCases } from './passwords/passwords.ts'
import { directoryCases } from './people/directory-sync.ts'
import { groupCases } from './people/groups.ts'
import { mailboxCases } from './people/mailboxes.ts'
import { userCases } from './people/users.ts'
import { bookCases } from './policy/books.ts'
import { policyCases } from './policy/policies.ts'
import { queueCases } from './policy/queue.ts'
import type { AdminParts } from './ports.ts'
import { srpCases } from './srp.ts'
import { readStatus } from './status.ts'

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
