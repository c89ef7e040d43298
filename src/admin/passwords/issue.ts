/** One activation password becomes registration records, and is forgotten; where it is to be mailed, with its mails. */
import { isLive } from '#activation/grant.ts'
import type { KeyStretching } from '#crypto/key-stretching.ts'
import { register } from '#crypto/registration.ts'
import { encodeRegistrationRecord, recordContext } from '#crypto/registration-record.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { encodeActivationCode } from '#protocol/activation-code.ts'
import {
  canonicalPassword,
  countSymbols,
  generatePassword,
  showPassword,
  typedPasswordSymbolsMin,
} from '#protocol/canonical.ts'
import type { NewGrant, User } from '#store/users.ts'
import type { PasswordTerms } from '../admin.ts'
import { givingWay } from '../handhelds/giving-way.ts'
import type { AdminParts } from '../ports.ts'
import type { IssuedPassword } from '../views.ts'
import { invitationsFor } from './invitations.ts'
import { checkedTerms } from './terms.ts'

export type PasswordParts = Pick<
  AdminParts,
  | 'store'
  | 'clock'
  | 'random'
  | 'log'
  | 'vault'
  | 'p256'
  | 'stretchings'
  | 'passwordHours'
  | 'passwordTries'
  | 'handheldsPerUser'
  | 'invitations'
>

/** What the user is to type, and where it comes from. */
interface Password {
  readonly shown: string
  readonly canonical: string
  readonly origin: NewGrant['origin']
}

/** Of a password that is mailed nobody but its reader sees anything. */
export const withoutPassword = (issued: IssuedPassword): IssuedPassword => ({
  ...issued,
  password: null,
  code: null,
})

/** A generated password for a user who is known already. */
export function issueGenerated(
  parts: PasswordParts,
  user: User,
  terms: PasswordTerms,
): Promise<IssuedPassword> {
  const canonical = generatePassword(parts.random)
  return issue(parts, user, { canonical, shown: showPassword(canonical), origin: 'generated' }, terms)
}

/** @throws Fault password.unusable, password.too_short; never with the password */
export function usable(typed: string): Password {
  const canonical = canonicalPassword(typed)
  if (canonical === null) throw new Fault('password.unusable')
  if (countSymbols(canonical) < typedPasswordSymbolsMin) throw new Fault('password.too_short')
  return { canonical, shown: typed.trim(), origin: 'typed' }
}

export async function issue(
  parts: PasswordParts,
  user: User,
  password: Password,
  terms: PasswordTerms,
): Promise<IssuedPassword> {
  const { store, clock, log } = parts
  const { shown, canonical, origin } = password
  const { lifeMs, notBeforeMs, ...kept } = checkedTerms(parts, terms, clock.nowMs())
  const addresses = [user.address, ...user.aliases]
  const mails = terms.send ? invitationsFor(parts, user, shown, terms.send) : null
  const records = await recordsOf(parts, addresses, canonical)
  const nowMs = clock.nowMs()
  const before = await store.users.newestGrant(user.id)
  const expiresAtMs = Math.max(nowMs, notBeforeMs ?? 0) + lifeMs
  const early = notBeforeMs === null ? {} : { notBeforeMs }
  await store.users.openGrant({
    ...{ userId: user.id, origin, expiresAtMs, ...early, ...kept, records, nowMs },
    ...(mails ? { invitations: mails } : {}),
  })
  log.info(
    {
      ...{ user: user.address, origin, hours: lifeMs / hourMs, bound_to: kept.boundTo },
      ...(notBeforeMs === null ? {} : { not_before: new Date(notBeforeMs).toISOString() }),
      ...(mails ? { mails: mails.length } : {}),
    },
    'activation password set',
  )
  const told = origin === 'generated'
  return {
    address: user.address,
    password: told ? shown : null,
    code: told ? encodeActivationCode({ address: user.address, password: shown }) : null,
    expiresAtMs,
    notBeforeMs,
    addresses,
    givingWay: await givingWay(parts, user.id, kept.boundTo ?? null),
    replaced: before !== null && isLive(before.grant, nowMs),
    mailedTo: (mails ?? []).map(({ part, to }) => ({ part, to })),
  }
}

const hourMs = 3_600_000

/** One after the other: each takes about 100 ms of one core, which the running server also needs. */
async function recordsOf(
  { vault, p256, stretchings }: PasswordParts,
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
  vault: PasswordParts['vault'],
  address: MailAddress,
  { profile }: KeyStretching,
  plain: Uint8Array,
): Uint8Array => vault.seal(recordContext(address, profile), plain)
