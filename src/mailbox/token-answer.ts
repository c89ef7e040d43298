/** What a token server (RFC 6749 section 5) or a token command says; both are outsiders. */
import { fromUtf8 } from '#kernel/bytes.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'

export interface TokenAnswer {
  readonly token: string
  /** Milliseconds from now; null: it does not say. */
  readonly livesMs: number | null
  /** To be used from now on in place of the one before; null: that one stays. */
  readonly refreshToken: string | null
}

/** Access tokens with the groups of a large directory in them come to a few thousand. */
const tokenCharsMax = 8_192
const livesSecondsMax = 10 * 365 * 86_400

/** RFC 6750 section 2.1. Nothing in it could end the field of a log-in early (RFC 7628 section 3.1). */
const accessToken = /^[A-Za-z0-9._~+/-]+=*$/
/** RFC 6749 appendix A.17. */
const printable = /^[\x20-\x7e]+$/

/** A successful answer of a token server: JSON (RFC 6749 section 5.1), in which unknown names are ignored. */
export function decodeTokenAnswer(bytes: Uint8Array): Decoded<TokenAnswer> {
  const fields = jsonObject(bytes)
  if (!fields) return refused('wrong_shape', 'answer')
  const { access_token: token, token_type: type, expires_in: expires, refresh_token: refresh } = fields
  if (token === undefined) return refused('missing_field', 'access_token')
  if (!isToken(token, accessToken)) return refused('wrong_shape', 'access_token')
  if (type !== undefined && (typeof type !== 'string' || type.toLowerCase() !== 'bearer'))
    return refused('unsupported', 'token_type')
  const seconds = expires === undefined ? null : secondsOf(expires)
  if (seconds !== null && !(seconds >= 0 && seconds <= livesSecondsMax))
    return refused('out_of_range', 'expires_in')
  if (refresh !== undefined && !isToken(refresh, printable)) return refused('wrong_shape', 'refresh_token')
  return decoded({
    token,
    livesMs: seconds === null ? null : seconds * 1000,
    refreshToken: refresh ?? null,
  })
}

/** What a command prints: the token alone on the first line, or a token server's whole answer. */
export function decodeCommandOutput(bytes: Uint8Array): Decoded<TokenAnswer> {
  const text = fromUtf8(bytes)?.trim() ?? ''
  if (text.startsWith('{')) return decodeTokenAnswer(bytes)
  if (text === '') return refused('missing_field', 'output')
  if (!isToken(text, accessToken)) return refused('wrong_shape', 'output')
  return decoded({ token: text, livesMs: null, refreshToken: null })
}

/**
 * The code of a refusal (RFC 6749 section 5.2), with Microsoft's number where there is one; empty where there is
 * none. Nothing else is quoted: descriptions may hold whatever was sent.
 */
export function tokenErrorCode(bytes: Uint8Array): string {
  const { error, error_description: description } = jsonObject(bytes) ?? {}
  if (typeof error !== 'string' || !/^[a-z_]{1,40}$/.test(error)) return ''
  const number = typeof description === 'string' ? /\bAADSTS\d{4,8}\b/.exec(description)?.[0] : undefined
  return number ? `${error} ${number}` : error
}

const isToken = (value: unknown, pattern: RegExp): value is string =>
  typeof value === 'string' && value.length <= tokenCharsMax && pattern.test(value)

/** Some servers write the number as text. */
const secondsOf = (value: unknown): number =>
  typeof value === 'number'
    ? value
    : typeof value === 'string' && /^\d{1,10}$/.test(value)
      ? Number(value)
      : Number.NaN

function jsonObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(fromUtf8(bytes) ?? '')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
