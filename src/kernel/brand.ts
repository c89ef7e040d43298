/** Names that must not be mixed up, each with the one function that makes it from text. */

declare const brand: unique symbol
type Brand<Name extends string> = string & { readonly [brand]: Name }

/** A handheld's address at its relay: eight upper-case hex digits. */
export type Pin = Brand<'Pin'>
/** A server's name at its relay: `S` and eight digits. Nothing to do with the SRP password protocol. */
export type SrpId = Brand<'SrpId'>
/** A relay's DNS name, lower case, A-labels. */
export type RelayId = Brand<'RelayId'>
/** A canonical e-mail address (docs/protocol.md, "Canonical forms"). */
export type MailAddress = Brand<'MailAddress'>
/** The transaction id in lower-case hex: one activation's name in every log line, frame and answer. */
export type ActivationId = Brand<'ActivationId'>

const parser =
  <T>(pattern: RegExp) =>
  (text: string): T | null =>
    pattern.test(text) ? (text as T) : null

export const parsePin = parser<Pin>(/^[0-9A-F]{8}$/)
export const parseSrpId = parser<SrpId>(/^S[0-9]{8}$/)
export const parseActivationId = parser<ActivationId>(/^[0-9a-f]{32}$/)

const dnsLabel = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
export const parseRelayId = (text: string): RelayId | null =>
  text.length <= 64 && new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`).test(text) ? (text as RelayId) : null
