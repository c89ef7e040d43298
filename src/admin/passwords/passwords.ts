/** Activation passwords: set, generated, mailed, revoked. Only registration records are kept, sealed. */
import { Fault } from '#kernel/fault.ts'
import type { PasswordCases } from '../admin.ts'
import { findUser, viewUser } from '../lookup.ts'
import { generateMany, rowsOfGroup } from './bulk.ts'
import { issue, issueGenerated, type PasswordParts, usable, withoutPassword } from './issue.ts'

export function passwordCases(parts: PasswordParts): PasswordCases {
  const { store, clock, log } = parts
  return {
    set: async (address, typed, terms = {}) => {
      const password = usable(typed)
      return issue(parts, await findUser(store.users, address), password, terms)
    },
    generate: async (address, terms = {}) =>
      issueGenerated(parts, await findUser(store.users, address), terms),
    send: async (address, terms = {}) => {
      const user = await findUser(store.users, address)
      return withoutPassword(await issueGenerated(parts, user, { ...terms, send: terms.send ?? {} }))
    },
    rowsOfGroup: (group) => rowsOfGroup(parts, group),
    generateMany: (rows, terms) => generateMany(parts, rows, terms),
    revoke: async (address) => {
      const user = await findUser(store.users, address)
      if (!(await store.users.revokeGrant(user.id, clock.nowMs())))
        throw new Fault('password.none', user.address)
      log.info({ user: user.address }, 'activation password revoked')
      return viewUser(store, user, clock.nowMs())
    },
  }
}
