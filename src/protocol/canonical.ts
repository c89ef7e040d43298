/**
 * The one spelling of addresses and activation passwords that both ends hash. Only A–Z change their case: Unicode
 * case tables differ between languages and versions, and a handheld that folds otherwise could never activate.
 */
import { toASCII } from 'tr46'
import type { MailAddress } from '#kernel/brand.ts'
import { utf8 } from '#kernel/bytes.ts'
import { type Random, randomInt } from '#kernel/random.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'

const emailBytesMax = 254
const localPartBytesMax = 64
/** In UTF-16 units, before anything is done: normalising is not free, and nobody types more. */
const typedLengthMax = 1_024

/** An administrator's own password has at least this many symbols, counted on its canonical form. */
export const typedPasswordSymbolsMin = 8
const generatedPasswordSymbols = 12
const shownGroupSymbols = 4
/** Letters and digits that nobody mistakes for another on paper: no 0, 1, i, l, o. 31^12 is 59 bits. */
const passwordAlphabet = '23456789abcdefghjkmnpqrstuvwxyz'

/**
 * Inclusive ranges of code points a local part never has: controls and spaces, with the invisible and the
 * direction-changing ones that would show a person another address. Written out, as character classes differ too.
 */
const forbiddenRanges: readonly (readonly [number, number])[] = [
  [0x00, 0x20],
  [0x7f, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200f],
  [0x2028, 0x202f],
  [0x205f, 0x206f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]
const specials = '()<>[]:;,\\"@'

/**
 * The canonical form of an address: trimmed, NFC, A–Z lowered, the domain as A-labels (UTS 46, non-transitional),
 * then `dot-atom@domain` of at most 254 bytes. Dots and `+tag` stay.
 */
export function canonicalEmail(typed: string): Decoded<MailAddress> {
  if (isOrdinaryAddress(typed)) return decoded(typed as MailAddress)
  if (typed.length > typedLengthMax) return refused('too_big', 'email')
  if (!typed.isWellFormed()) return refused('out_of_range', 'email')
  const text = lowerAscii(typed.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '').normalize('NFC'))
  // A few letters with marks (J with caron) compose only in lower case: their form would not be its own form.
  if (text.normalize('NFC') !== text) return refused('out_of_range', 'email')
  const at = text.lastIndexOf('@')
  if (at < 0) return refused('wrong_shape', 'email')
  const localPart = text.slice(0, at)
  if (!isDotAtom(localPart)) return refused('out_of_range', 'email.local')
  const domain = asciiDomain(text.slice(at + 1))
  if (domain === null) return refused('out_of_range', 'email.domain')
  const address = `${localPart}@${domain}`
  if (utf8(address).length > emailBytesMax) return refused('too_big', 'email')
  return decoded(address as MailAddress)
}

/** Whether the text is an address in its canonical form already, as the wire demands. */
export function isCanonicalEmail(text: string): text is MailAddress {
  const canonical = canonicalEmail(text)
  return canonical.ok && canonical.value === text
}

/**
 * The canonical form of an activation password: NFKC, without spaces and hyphens (also those that keyboards make of
 * them), A–Z lowered. Null where it is no Unicode text or absurdly long. It may be empty. Apply it once: what the
 * removal brings together could compose the second time.
 */
export function canonicalPassword(typed: string): string | null {
  if (typed.length > typedLengthMax || !typed.isWellFormed()) return null
  return lowerAscii(typed.normalize('NFKC').replace(/[\t\n\r \-\u2010-\u2015\u2212]/g, ''))
}

/** How many symbols a canonical password has: code points, as a person would count them. */
export const countSymbols = (canonical: string): number => [...canonical].length

/** A new activation password in its canonical form: 12 symbols, 59 bits. */
export function generatePassword(random: Random): string {
  const symbol = () => passwordAlphabet.charAt(randomInt(random, passwordAlphabet.length))
  return Array.from({ length: generatedPasswordSymbols }, symbol).join('')
}

/** A password in groups of four with hyphens between, as it is shown, mailed and read out. */
export const showPassword = (canonical: string): string =>
  (canonical.match(new RegExp(`.{1,${shownGroupSymbols}}`, 'gu')) ?? []).join('-')

const lowerAscii = (text: string): string =>
  text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32))

function isDotAtom(text: string): boolean {
  const bytes = utf8(text).length
  if (bytes < 1 || bytes > localPartBytesMax) return false
  if (text.split('.').includes('')) return false
  return [...text].every((symbol) => !specials.includes(symbol) && !isForbidden(symbol.codePointAt(0) ?? 0))
}

const isForbidden = (codePoint: number): boolean =>
  forbiddenRanges.some(([from, to]) => codePoint >= from && codePoint <= to)

/** Lower-case letters, digits and hyphens where IDNA lets them stand: such a name is its own form. */
const ordinaryLabel = /^(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const domainLengthMax = 253

const isOrdinary = (domain: string): boolean =>
  domain.length <= domainLengthMax && domain.split('.').every((label) => ordinaryLabel.test(label))

const ordinaryLocalPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/

/** What nearly every address is: its own canonical form, as one pattern sees. */
function isOrdinaryAddress(text: string): boolean {
  const at = text.indexOf('@')
  if (at < 1 || at > localPartBytesMax || text.length > emailBytesMax) return false
  return ordinaryLocalPart.test(text.slice(0, at)) && isOrdinary(text.slice(at + 1))
}

/** The tables of IDNA are asked for names that need them only: they took a fifth of what an address costs. */
const asciiDomain = (domain: string): string | null => (isOrdinary(domain) ? domain : throughIdna(domain))

const throughIdna = (domain: string): string | null =>
  toASCII(domain, {
    transitionalProcessing: false,
    checkBidi: true,
    checkHyphens: true,
    checkJoiners: true,
    useSTD3ASCIIRules: true,
    verifyDNSLength: true,
  })
