/** The text of an activation QR code (docs/protocol.md, "The activation code"): what a handheld would else be typed. */
import type { MailAddress } from '#kernel/brand.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'
import { canonicalEmail, canonicalPassword } from './canonical.ts'

export interface ActivationCode {
  readonly address: MailAddress
  /** As it is to be typed. */
  readonly password?: string
}

const prefix = 'postkey:activate?'
/** In UTF-16 units: an address and a password of the greatest lengths, every byte escaped, stay below it. */
export const activationCodeLengthMax = 4_096
const pairsMax = 16

export function encodeActivationCode({ address, password }: ActivationCode): string {
  const pairs = [`address=${encodeURIComponent(address)}`]
  if (password !== undefined) pairs.push(`password=${encodeURIComponent(password)}`)
  return prefix + pairs.join('&')
}

/** Names that are not known are passed over; the address comes in its canonical form. */
export function decodeActivationCode(text: string): Decoded<ActivationCode> {
  if (text.length > activationCodeLengthMax) return refused('too_big', 'code')
  if (!text.startsWith(prefix)) return refused('bad_magic', 'code')
  const pairs = text.slice(prefix.length).split('&')
  if (pairs.length > pairsMax) return refused('too_big', 'code')
  const values = new Map<string, string>()
  for (const pair of pairs) {
    const [, name, escaped] = /^([a-z_]{1,32})=([\w.~!*'()%-]*)$/.exec(pair) ?? []
    const value = escaped === undefined ? null : unescaped(escaped)
    if (name === undefined || value === null) return refused('wrong_shape', 'code')
    if (values.has(name)) return refused('wrong_shape', `code.${name}`)
    values.set(name, value)
  }
  return valuesOf(values)
}

function valuesOf(values: ReadonlyMap<string, string>): Decoded<ActivationCode> {
  const typed = values.get('address')
  if (typed === undefined) return refused('missing_field', 'code.address')
  const address = canonicalEmail(typed)
  if (!address.ok) return refused('out_of_range', 'code.address')
  const password = values.get('password')
  if (password === undefined) return decoded({ address: address.value })
  if (!canonicalPassword(password)) return refused('out_of_range', 'code.password')
  return decoded({ address: address.value, password })
}

/** UTF-8 percent escapes; null where they are none. */
function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
