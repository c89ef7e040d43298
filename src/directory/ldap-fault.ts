/** What an error of the LDAP client means to us. */
import { ResultCodeError } from 'ldapts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import { tlsFault } from '#kernel/tls-fault.ts'
import { Broken } from './ldap-message.ts'

/** Result codes of RFC 4511 section 4.1.9. */
const byResult: ReadonlyMap<number, FaultCode> = new Map([
  [2, 'ldap.filter'],
  [3, 'ldap.limit'],
  [4, 'ldap.limit'],
  [7, 'ldap.bind_refused'],
  [8, 'ldap.bind_refused'],
  [11, 'ldap.limit'],
  [13, 'ldap.no_starttls'],
  [18, 'ldap.filter'],
  [21, 'ldap.filter'],
  [32, 'ldap.no_base'],
  [34, 'ldap.filter'],
  [48, 'ldap.bind_refused'],
  [49, 'ldap.bind_refused'],
  [50, 'ldap.no_right'],
  [51, 'ldap.unreachable'],
  [52, 'ldap.unreachable'],
])

/** Their words come into a terminal and a log. */
const wordsMax = 200

/** @param broken what was wrong with the bytes that came; null where nothing was */
export function ldapFault(error: unknown, doing: string, broken: Error | null): Fault {
  if (error instanceof Fault) return error
  const certificate = tlsFault(broken) ?? tlsFault(error)
  if (certificate) return certificate
  const detail = (words: unknown): string => `${doing}: ${wordsOf(words)}`
  if (error instanceof ResultCodeError)
    return new Fault(byResult.get(error.code) ?? 'ldap.refused', detail(error), error)
  if (broken)
    return new Fault(broken instanceof Broken ? 'ldap.protocol' : 'ldap.unreachable', detail(broken), error)
  const name = error instanceof Error ? error.message : ''
  // An answer that the client itself could not read.
  const misread = /invalid|expected|unable to (?:read|parse)|not supported|malformed/i.test(name)
  return new Fault(misread && !isNetwork(error) ? 'ldap.protocol' : 'ldap.unreachable', detail(error), error)
}

/** Errors of the system and of TLS have a code; those of the reading of answers have none. */
const isNetwork = (error: unknown): boolean =>
  error instanceof Error && typeof Reflect.get(error, 'code') === 'string'

/** A server that says nothing is named by the client's word for its result code. */
function wordsOf(error: unknown): string {
  const said = error instanceof Error ? error.message.replace(/ Code: 0x[0-9a-f]+$/, '') || error.name : ''
  return (said || String(error))
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .slice(0, wordsMax)
    .trim()
}
