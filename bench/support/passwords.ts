/** Users of a running Postkey, each with a password and the handheld's keys for it worked out beforehand. */
import { type KeyStretching, scryptStretching } from '#crypto/key-stretching.ts'
import { deriveSecrets } from '#crypto/registration.ts'
import { toHex } from '#kernel/bytes.ts'
import { canonicalEmail, canonicalPassword } from '#protocol/canonical.ts'
import type { Postkey } from './helper.ts'

export interface BenchUser {
  readonly email: string
  readonly password: string
}

/** Addresses for so many users. */
export const named = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}@example.test`)

/**
 * Adds them with generated passwords, as `user add --from FILE --passwords` does; meanwhile `each` may already work
 * on those that are there.
 */
export async function addUsers(
  postkey: Postkey,
  addresses: readonly string[],
  each: (user: BenchUser) => Promise<void>,
): Promise<BenchUser[]> {
  const rows = addresses.map((address) => ({ address }))
  const users: BenchUser[] = []
  const work: Promise<void>[] = []
  for await (const { address, password, fault } of postkey.admin.users.import(rows, { passwords: {} })) {
    if (fault || !password?.password) throw new Error(`${address}: ${fault?.code} ${fault?.detail}`)
    const user = { email: address, password: password.password }
    users.push(user)
    work.push(each(user))
  }
  await Promise.all(work)
  return users
}

/** Stretching that has been done already: what `precompute` has seen is answered at once. */
export function makeKnownStretching() {
  const known = new Map<string, Uint8Array>()
  const recording: KeyStretching = {
    profile: scryptStretching.profile,
    stretch: async (input, salt) => {
      const out = await scryptStretching.stretch(input, salt)
      known.set(toHex(input), out)
      return out
    },
  }
  const stretching: KeyStretching = {
    profile: scryptStretching.profile,
    stretch: async (input) => {
      const out = known.get(toHex(input))
      if (!out) throw new Error('a password that was not worked out beforehand')
      return out
    },
  }
  return { stretching, precompute: (user: BenchUser) => stretchFor(recording, user) }
}

/** The handheld's key stretching for one user. */
export async function stretchFor(stretching: KeyStretching, { email, password }: BenchUser): Promise<void> {
  const address = canonicalEmail(email)
  const canonical = canonicalPassword(password)
  if (!address.ok || canonical === null) throw new Error(`${email} cannot be used`)
  await deriveSecrets(stretching, address.value, canonical)
}
