/** Activation passwords: set, generated, revoked. Only registration records are kept, sealed. */
import { isLive } from '#activation/grant.ts'
import type { KeyStretching } from '#crypto/key-stretching.ts'
import { register } from '#crypto/registration.ts'
import { encodeRegistrationRecord, recordContext } from '#crypto/registration-record.ts'
import type { MailAddress, Pin } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import {
  canonicalPassword,
  countSymbols,
  generatePassword,
  showPassword,
  typedPasswordSymbolsMin,
} from '#protocol/canonical.ts'
import type { NewGrant, User } from '#store/users.ts'
import type { PasswordCases, PasswordTerms } from './admin.ts'
import { findUser, shortened, typedPin, viewUser } from './lookup.ts'
import type { AdminParts } from './ports.ts'
import type { IssuedPassword } from './views.ts'

const hourMs = 3_600_000
const hoursMax = 720

type Parts = Pick<
  AdminParts,
  'store' | 'clock' | 'random' | 'log' | 'vault' | 'p256' | 'stretchings' | 'passwordHours'
>

export function passwordCases(parts: Parts): PasswordCases {
  const { store, clock, log } = parts
  return {
    set: async (address, typed, terms = {}) => {
      const password = usable(typed)
      return issue(parts, await findUser(store.users, address), password, 'typed', terms)
    },
    generate: async (address, terms = {}) =>
      issueGenerated(parts, await findUser(store.users, address), terms),
    revoke: async (address) => {
      const user = await findUser(store.users, address)
      if (!(await store.users.revokeGrant(user.id, clock.nowMs())))
        throw new Fault('password.none', user.address)
      log.info({ user: user.address }, 'activation password revoked')
      return viewUser(store.users, user, clock.nowMs())
    },
  }
}

/** A generated password for a user who is known already. */
export function issueGenerated(parts: Parts, user: User, terms: PasswordTerms): Promise<IssuedPassword> {
  return issue(parts, user, generatePassword(parts.random), 'generated', terms)
}

/** @throws Fault password.unusable, password.too_short; never with the password */
function usable(typed: string): string {
  const password = canonicalPassword(typed)
  if (password === null) throw new Fault('password.unusable')
  if (countSymbols(password) < typedPasswordSymbolsMin) throw new Fault('password.too_short')
  return password
}

async function issue(
  parts: Parts,
  user: User,
  password: string,
  origin: NewGrant['origin'],
  terms: PasswordTerms,
): Promise<IssuedPassword> {
  const { store, clock, log, passwordHours } = parts
  const lifeMs = lifeHours(terms.hours ?? passwordHours) * hourMs
  const boundTo = pinOf(terms.pin)
  const addresses = [user.address, ...user.aliases]
  const records = await recordsOf(parts, addresses, password)
  const nowMs = clock.nowMs()
  const before = await store.users.newestGrant(user.id)
  const expiresAtMs = nowMs + lifeMs
  const grant = { userId: user.id, origin, expiresAtMs, records, nowMs }
  await store.users.openGrant(boundTo ? { ...grant, boundTo } : grant)
  log.info(
    { user: user.address, origin, hours: lifeMs / hourMs, bound_to: boundTo },
    'activation password set',
  )
  return {
    address: user.address,
    password: origin === 'generated' ? showPassword(password) : null,
    expiresAtMs,
    addresses,
    replaced: before !== null && isLive(before.grant, nowMs),
  }
}

/** One after the other: each takes about 100 ms of one core, which the running server also needs. */
async function recordsOf(
  { vault, p256, stretchings }: Parts,
  addresses: readonly MailAddress[],
  password: string,
): Promise<NewGrant['records']> {
  const records: NewGrant['records'][number][] = []
  for (const address of addresses)
    for (const stretching of stretchings) {
      const plain = encodeRegistrationRecord(await register(p256, stretching, address, password))
      records.push({ address, profile: stretching.profile, sealed: seal(vault, address, stretching, plain) })
    }
  return records
}

const seal = (
  vault: Parts['vault'],
  address: MailAddress,
  { profile }: KeyStretching,
  plain: Uint8Array,
): Uint8Array => vault.seal(recordContext(address, profile), plain)

function lifeHours(hours: number): number {
  if (Number.isInteger(hours) && hours >= 1 && hours <= hoursMax) return hours
  throw new Fault('admin.usage', `a password lives for 1 to ${hoursMax} whole hours, not ${hours}`)
}

function pinOf(typed: string | undefined): Pin | null {
  if (typed === undefined) return null
  const pin = typedPin(typed)
  if (pin) return pin
  throw new Fault('admin.usage', `a PIN has eight hex digits: ${shortened(typed)}`)
}
