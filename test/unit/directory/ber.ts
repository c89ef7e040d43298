/** Answers of an LDAP server, byte by byte (RFC 4511), for tests that need one that no server gives. */
import { concat, uintBytes, utf8 } from '#kernel/bytes.ts'

export function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const all = concat(...content)
  const length =
    all.length < 0x80 ? Uint8Array.of(all.length) : concat(Uint8Array.of(0x84), uintBytes(all.length, 4))
  return concat(Uint8Array.of(tag), length, all)
}

export const octets = (value: string | Uint8Array): Uint8Array =>
  element(0x04, typeof value === 'string' ? utf8(value) : value)
export const integer = (value: number): Uint8Array => element(0x02, uintBytes(value, value > 0x7f ? 2 : 1))
export const sequence = (...content: readonly Uint8Array[]): Uint8Array => element(0x30, ...content)

export const answer = (id: number, ...content: readonly Uint8Array[]): Uint8Array =>
  sequence(integer(id), ...content)

/** A result with its code: `tag` 0x61 of a log-in, 0x65 of a search, 0x78 of StartTLS. */
export const result = (tag: number, code: number, says = ''): Uint8Array =>
  element(tag, element(0x0a, uintBytes(code, 1)), octets(''), octets(says))

export type Values = readonly (string | Uint8Array)[]

export const entry = (dn: string, attributes: Readonly<Record<string, Values>>): Uint8Array =>
  element(
    0x64,
    octets(dn),
    sequence(
      ...Object.entries(attributes).map(([name, values]) =>
        sequence(octets(name), element(0x31, ...values.map(octets))),
      ),
    ),
  )

/** Says that another page follows, where the cookie is not empty. */
export const paged = (cookie: string): Uint8Array =>
  element(0xa0, sequence(octets('1.2.840.113556.1.4.319'), octets(sequence(integer(0), octets(cookie)))))
