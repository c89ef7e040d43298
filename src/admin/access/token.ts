/** The form of an access token: `pk_`, its public id, `_`, its secret; 64 and 256 bits in hex. */
import { equalInConstantTime } from '#crypto/equal.ts'
import { sha256 } from '#crypto/hash.ts'
import { fromHex, toHex } from '#kernel/bytes.ts'
import type { Random } from '#kernel/random.ts'
import type { AccessToken } from '#store/accounts.ts'

const idBytes = 8
const secretBytes = 32
const hourMs = 3_600_000
const form = /^pk_([0-9a-f]{16})_([0-9a-f]{64})$/

type Own = Pick<AccessToken, 'name' | 'role' | 'account'>

export interface NewToken {
  readonly token: string
  readonly row: Omit<AccessToken, 'revokedAtMs'>
}

export function issueToken(random: Random, own: Own, hours: number, nowMs: number): NewToken {
  const id = toHex(random.bytes(idBytes))
  const secret = random.bytes(secretBytes)
  const row = { ...own, id, hash: sha256(secret), createdAtMs: nowMs, expiresAtMs: nowMs + hours * hourMs }
  return { token: `pk_${id}_${toHex(secret)}`, row }
}

export interface PresentedToken {
  readonly id: string
  readonly secret: Uint8Array
}

export function parseToken(text: string): PresentedToken | null {
  const [, id, secret] = form.exec(text) ?? []
  return id && secret ? { id, secret: fromHex(secret) } : null
}

const nobodys = new Uint8Array(32)

/** The time it takes tells nothing about the secret, nor whether there is such a token. */
export function fitsToken({ secret }: PresentedToken, kept: AccessToken | null): boolean {
  const same = equalInConstantTime(sha256(secret), kept?.hash ?? nobodys)
  return same && kept !== null
}

export function tokenState(
  token: Pick<AccessToken, 'expiresAtMs' | 'revokedAtMs'>,
  nowMs: number,
): 'good' | 'expired' | 'revoked' {
  if (token.revokedAtMs !== null) return 'revoked'
  return token.expiresAtMs > nowMs ? 'good' : 'expired'
}
