// A CA and a server certificate, as tests of TLS need them.

import { generateKeyPairSync } from 'node:crypto'
import { makeCa, makeTlsServer } from '#crypto/certificate.ts'

export interface TestTls {
  readonly ca: string
  readonly key: string
  readonly cert: string
}

const newKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()

/**
 * Clients are given `ca` and verify the server under one of these names or IP addresses, for a year from
 * `madeAtMs` on.
 */
export function makeTestTls(
  names: readonly [string, ...string[]] = ['localhost'],
  madeAtMs = Date.now(),
): TestTls {
  const random = { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) }
  const terms = { nowMs: madeAtMs, years: 1, random }
  const caKey = newKey()
  const issuer = { commonName: 'Test CA', organisation: 'Postkey tests' }
  const ca = makeCa(issuer, { ...terms, years: 20, keyPem: caKey })
  const key = newKey()
  const credential = { certificatePem: ca.pem, keyPem: caKey }
  const server = makeTlsServer(credential, names, { ...terms, keyPem: key })
  return { ca: ca.pem, key, cert: server.pem }
}
