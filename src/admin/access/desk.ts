/**
 * Where those who administer are known: by the token they bring, by the password with which they get one, or, at the
 * socket that the owner alone may open, as the owner. docs/decisions says why it is so.
 */
import { makePasswordCheck } from '#crypto/password-hash.ts'
import { Fault } from '#kernel/fault.ts'
import { makeBucket } from '#kernel/rate.ts'
import type { AccessToken } from '#store/accounts.ts'
import type { Admin } from '../admin.ts'
import { asCaller } from '../audit/audited.ts'
import { subjectText } from '../audit/ledger.ts'
import type { AdminParts } from '../ports.ts'
import { type Caller, owner } from './caller.ts'
import { mayDo, operationRoles } from './roles.ts'
import { fitsToken, issueToken, parseToken, tokenState } from './token.ts'
import type { IssuedToken } from './views.ts'

/** What comes with a request. */
export interface Credentials {
  /** The person's name on this machine, as the command says it. */
  readonly osUser: string
  /** Null: none was brought. An empty or wrong one is not the same. */
  readonly token: string | null
}

export interface Desk {
  /** @throws Fault admin.unauthenticated, admin.too_many_tries */
  identify(credentials: Credentials, door: Door): Promise<Caller>
  /** A session's token for an account. @throws Fault admin.unauthenticated, admin.too_many_tries */
  login(name: string, password: string, from: Caller['from']): Promise<IssuedToken>
  /** Ends the session, or revokes the token, that is brought. @throws Fault admin.unauthenticated */
  logout(token: string, from: Caller['from']): Promise<void>
  /**
   * Whether somebody may do it, before they are asked anything about it. Who may not is written down as in the act itself.
   * @throws Fault admin.not_allowed, admin.protocol for an operation that there is not
   */
  allow(caller: Caller, operation: string, on: string): Promise<void>
  /** The use cases for somebody who is known. */
  admin(caller: Caller): Admin
}

/** Through which a request came. */
export interface Door {
  readonly from: Caller['from']
  /** Only the owner can have come through it. */
  readonly ownersAlone: boolean
}

const sessionHours = 8
/** Wrong tokens and passwords: so many at once, then one in so many seconds. */
const wrongTries = { burst: 10, perSecond: 0.2 }

export type DeskParts = Pick<AdminParts, 'store' | 'clock' | 'random' | 'log'>

export function makeDesk(parts: DeskParts, admin: () => Admin): Desk {
  const { store, clock, random, log } = parts
  const checkPassword = makePasswordCheck()
  const wrongTokens = makeBucket(wrongTries, clock.nowMs())
  const wrongPasswords = makeBucket(wrongTries, clock.nowMs())
  const as = (caller: Caller): Admin => asCaller(admin(), caller, { audit: store.audit, clock, log })
  const known = async (text: string): Promise<{ token: AccessToken; caller: Omit<Caller, 'from'> }> => {
    const presented = parseToken(text)
    const token = presented && (await store.accounts.token(presented.id))
    const fits = presented !== null && fitsToken(presented, token) && token !== null
    const caller = fits && tokenState(token, clock.nowMs()) === 'good' ? await bearer(parts, token) : null
    if (fits && caller) return { token, caller }
    if (!wrongTokens(clock.nowMs())) throw new Fault('admin.too_many_tries')
    log.warn({ code: 'admin.unauthenticated' }, 'a token was not accepted')
    throw new Fault('admin.unauthenticated')
  }
  const noted = async (
    { who, role, from }: Omit<Caller, 'role'> & { readonly role: string },
    what: string,
    outcome: string,
    on = '',
  ) =>
    void (await store.audit.append([
      { atMs: clock.nowMs(), who, role, from, what, on, change: '{}', outcome, answers: null },
    ]))
  return {
    admin: as,
    allow: async (caller, operation, on) => {
      if (!Object.hasOwn(operationRoles, operation)) throw new Fault('admin.protocol', 'no such operation')
      if (mayDo(caller.role, operation)) return
      await noted(caller, operation, 'admin.not_allowed', subjectText(on))
      throw new Fault('admin.not_allowed', `${operation} by ${caller.role}`)
    },
    identify: async ({ osUser, token }, { from, ownersAlone }) => {
      if (token !== null) return { ...(await known(token)).caller, from }
      if (ownersAlone) return owner(osUser, from)
      throw new Fault('admin.unauthenticated', 'no token was brought')
    },
    login: async (name, password, from) => {
      if (!wrongPasswords(clock.nowMs())) throw new Fault('admin.too_many_tries')
      const account = await store.accounts.find(name)
      const good = (await checkPassword(password, account?.password ?? null)) && account?.disabled === false
      const who = account ? `account:${account.name}` : 'unknown'
      await noted(
        { who, role: account?.role ?? 'none', from },
        'login',
        good ? 'ok' : 'admin.unauthenticated',
      )
      if (!account || !good) throw new Fault('admin.unauthenticated')
      const own = { name: account.name, role: null, account: account.name }
      const { token, row } = issueToken(random, own, sessionHours, clock.nowMs())
      await store.accounts.addToken(row)
      return { id: row.id, name: row.name, role: account.role, expiresAtMs: row.expiresAtMs, token }
    },
    logout: async (text, from) => {
      const { token, caller } = await known(text)
      await noted({ ...caller, from }, 'logout', 'ok')
      await store.accounts.revokeToken(token.id, clock.nowMs())
    },
  }
}

/** An account's role is looked up each time: what is taken from it counts at once. */
async function bearer({ store }: DeskParts, token: AccessToken): Promise<Omit<Caller, 'from'> | null> {
  if (token.role !== null) return { who: `token:${token.name}`, role: token.role }
  const account = token.account === null ? null : await store.accounts.find(token.account)
  if (!account || account.disabled) return null
  return { who: `account:${account.name}`, role: account.role }
}
