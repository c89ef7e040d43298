/** Accounts of people who administer, and tokens of programs that do; each has one role. */
import { hashPassword } from '#crypto/password-hash.ts'
import { Fault } from '#kernel/fault.ts'
import type { AccessToken, Account, AccountChanged } from '#store/accounts.ts'
import { shortened } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'
import type { RoleName } from './caller.ts'
import type { AccountCases, TokenCases } from './cases.ts'
import { roleNames } from './roles.ts'
import { issueToken, tokenState } from './token.ts'
import type { AccountView, TokenView } from './views.ts'

const passwordLength = { min: 12, max: 256 } as const
const hoursMax = 8_760

type Parts = Pick<AdminParts, 'store' | 'clock' | 'random' | 'log'>

export function accountCases({ store, clock, random, log }: Parts): AccountCases {
  const { accounts } = store
  const change = async (name: string, what: Parameters<typeof accounts.change>[1]): Promise<AccountView> => {
    settled(await accounts.change(name, what, clock.nowMs()), name)
    log.info({ account: name }, 'account changed')
    return view(await found(store, name))
  }
  return {
    add: async ({ name, role, password }) => {
      const hash = await hashPassword(usable(password), random)
      const account = { name: named(name), role: roleOf(role), password: hash, createdAtMs: clock.nowMs() }
      if (!(await accounts.add(account))) throw new Fault('account.exists', name)
      log.info({ account: name }, 'account added')
      return view(await found(store, name))
    },
    list: async () => (await accounts.list()).map(view),
    show: async (name) => view(await found(store, name)),
    setPassword: async (name, password) => {
      await found(store, name)
      return change(name, { password: await hashPassword(usable(password), random) })
    },
    setRole: (name, role) => change(name, { role: roleOf(role) }),
    disable: (name) => change(name, { disabled: true }),
    enable: (name) => change(name, { disabled: false }),
    remove: async (name) => {
      const last = await found(store, name)
      settled(await accounts.remove(name), name)
      log.info({ account: name }, 'account removed')
      return view(last)
    },
  }
}

export function tokenCases({ store, clock, random, log }: Parts): TokenCases {
  const { accounts } = store
  return {
    add: async ({ name, role, hours }) => {
      const own = { name: named(name), role: roleOf(role), account: null }
      const nowMs = clock.nowMs()
      if ((await live(store, name, nowMs)).length > 0) throw new Fault('token.exists', name)
      const issued = issueToken(random, own, lifeHours(hours), nowMs)
      await accounts.addToken(issued.row)
      log.info({ account: name }, 'token added')
      const { id, expiresAtMs } = issued.row
      return { id, name: own.name, role: own.role, expiresAtMs, token: issued.token }
    },
    list: async () => (await accounts.tokens()).flatMap((token) => tokenView(token, clock.nowMs())),
    revoke: async (which) => {
      const nowMs = clock.nowMs()
      const [token] = await live(store, which, nowMs)
      if (!token || !(await accounts.revokeToken(token.id, nowMs)))
        throw new Fault('token.unknown', shortened(which))
      log.info({ account: token.name }, 'token revoked')
      const [revoked] = tokenView({ ...token, revokedAtMs: nowMs }, nowMs)
      if (revoked) return revoked
      throw new Fault('token.unknown', shortened(which))
    },
  }
}

/** Good tokens of this name or id. */
const live = async ({ accounts }: Parts['store'], which: string, nowMs: number): Promise<AccessToken[]> =>
  (await accounts.tokens()).filter(
    (token) => (token.name === which || token.id === which) && tokenState(token, nowMs) === 'good',
  )

async function found({ accounts }: Parts['store'], name: string): Promise<Account> {
  const account = await accounts.find(name)
  if (account) return account
  throw new Fault('account.unknown', shortened(name))
}

function settled(changed: AccountChanged, name: string): void {
  if (changed === 'unknown') throw new Fault('account.unknown', shortened(name))
  if (changed === 'last_security') throw new Fault('account.last_security', name)
}

function named(name: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,31}$/.test(name)) return name
  throw new Fault('account.invalid', shortened(name))
}

function roleOf(role: string): RoleName {
  const known = roleNames.find((one) => one === role)
  if (known) return known
  throw new Fault('account.invalid', `the role is one of ${roleNames.join(', ')}`)
}

/** @throws Fault account.invalid; never with the password */
function usable(password: string): string {
  const { min, max } = passwordLength
  if (password.length >= min && password.length <= max && /^\P{Cc}+$/u.test(password)) return password
  throw new Fault('account.invalid', `a password has ${min} to ${max} characters`)
}

function lifeHours(hours: number): number {
  if (Number.isInteger(hours) && hours >= 1 && hours <= hoursMax) return hours
  throw new Fault('admin.usage', `a token lives for 1 to ${hoursMax} whole hours, not ${hours}`)
}

const view = ({ password: _password, ...shown }: Account): AccountView => shown

const tokenView = (token: AccessToken, nowMs: number): TokenView[] =>
  token.role === null
    ? []
    : [
        {
          id: token.id,
          name: token.name,
          role: token.role,
          state: tokenState(token, nowMs),
          createdAtMs: token.createdAtMs,
          expiresAtMs: token.expiresAtMs,
        },
      ]
