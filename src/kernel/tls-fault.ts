/** What an error of a TLS handshake says of the other side's certificate. */
import { Fault, type FaultCode } from './fault.ts'

const codes: readonly (readonly [RegExp, FaultCode])[] = [
  [/^CERT_(?:HAS_EXPIRED|NOT_YET_VALID)$/, 'tls.expired'],
  [/ALTNAME_INVALID|HOSTNAME_MISMATCH/, 'tls.wrong_name'],
  [/CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/, 'tls.untrusted'],
]

/** Null where the trouble is not the certificate. */
export function tlsFault(error: unknown): Fault | null {
  const name: unknown = error instanceof Error ? Reflect.get(error, 'code') : null
  if (typeof name !== 'string') return null
  const code = codes.find(([pattern]) => pattern.test(name))?.[1]
  return code ? new Fault(code, error instanceof Error ? error.message : name, error) : null
}
