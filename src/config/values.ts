/** The kinds of value a configuration key can have, each with the sentence a person reads when it is wrong. */
import { domainToASCII } from 'node:url'
import { z } from 'zod'
import { parseRelayId, parseSrpId } from '#kernel/brand.ts'

export const text = (bytesMax = 1_024) =>
  z
    .string('must be text')
    .refine((value) => Buffer.byteLength(value) <= bytesMax, `must be at most ${bytesMax} bytes`)

export const path = () => text(4_096)

export const integer = (least: number, most: number) =>
  z.int('must be a whole number').min(least, `must be at least ${least}`).max(most, `must be at most ${most}`)

/** 0 lets the system choose any free port. */
export const port = () => integer(0, 65_535)

export const flag = () => z.boolean('must be true or false')

export const choice = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, `must be one of ${values.map((value) => `"${value}"`).join(', ')}`)

/** The name of an LDAP attribute. @param least 0 where there need be none */
export const attribute = (least: 0 | 1 = 1) =>
  text(64).refine(
    (value) => (least === 0 && value === '') || /^[A-Za-z][A-Za-z0-9-]*$/.test(value),
    'must be the name of an attribute, such as mail',
  )

/** A host name or address to listen on or connect to; empty where the key allows it. */
export const host = () =>
  text(255).refine((value) => /^[A-Za-z0-9._:-]*$/.test(value), 'must be a host name or an IP address')

const domainPattern =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/

/** A mail domain in the form it has in canonical addresses: lower case, A-labels. */
export const domain = () =>
  z.string('must be text').superRefine((value, context) => {
    if (domainPattern.test(value)) return
    const ascii = domainToASCII(value)
    const hint = domainPattern.test(ascii) ? `; write it as "${ascii}"` : ''
    context.addIssue({
      code: 'custom',
      message: `"${value}" is not a mail domain in lower-case ASCII${hint}`,
    })
  })

const relayIdSays = "must be the relay's DNS name in lower case"

export const relayId = () => text(64).refine((value) => parseRelayId(value) !== null, relayIdSays)

export const relayIdOrEmpty = () =>
  text(64).refine((value) => value === '' || parseRelayId(value) !== null, relayIdSays)

export const srpId = () =>
  text(9).refine((value) => parseSrpId(value) !== null, 'must be an S and eight digits, such as S00000001')

export const list = <T extends z.ZodType>(item: T, most: number) =>
  z.array(item, 'must be a list').max(most, `may hold at most ${most}`)

export const distinctList = <T extends z.ZodType>(item: T, most: number) =>
  list(item, most)
    .min(1, 'must name at least one')
    .refine((values) => new Set(values).size === values.length, 'names one twice')

/** How a connection we open is protected; `none` is refused off loopback by `rules.ts`. */
export const tlsMode = () => choice('implicit', 'starttls', 'none')

const plainAddress = /^[^\s<>()[\]:;,\\"@\p{Cc}]+@[a-z0-9.-]+$/u

/** A mail address as it stands in a header, the domain in lower-case ASCII. */
export const addressOrEmpty = () =>
  text(254).refine(
    (value) => value === '' || plainAddress.test(value),
    'must be a mail address such as helpdesk@example.org, its domain in lower-case ASCII',
  )

export const languageTag = () =>
  text(35).refine(
    (value) => /^[a-z]{2,3}(?:-[a-z0-9]{2,8})*$/.test(value),
    'must be a language such as "en" or "pt-br"',
  )

/** A name of the time zone database; empty: the machine's. */
export const timeZone = () =>
  text(64).refine((value) => value === '' || isTimeZone(value), 'must be a time zone such as "Europe/Berlin"')

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
