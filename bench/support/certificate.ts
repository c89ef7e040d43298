/** A CA and a certificate for `localhost`, for the floors that speak TLS. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { makeCa, makeTlsServer } from '#crypto/certificate.ts'

export interface Certified {
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

export function makeCertificate(name: string): Certified {
  const newKey = () =>
    String(
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    )
  const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) }
  const terms = (keyPem: string) => ({ keyPem, nowMs: Date.now(), years: 1, random })
  const caKey = newKey()
  const ca = makeCa({ commonName: 'Bench', organisation: 'Bench' }, terms(caKey))
  const key = newKey()
  const server = makeTlsServer({ certificatePem: ca.pem, keyPem: caKey }, [name, 'localhost'], terms(key))
  return { ca: ca.pem, certificate: server.pem, key }
}
