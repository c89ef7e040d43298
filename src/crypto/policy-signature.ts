/** Signs IT policies and commands: CMS SignedData (RFC 5652) in DER, attached, one signer, signer's certificate enclosed. */
import forge from 'node-forge'
import type { Credential } from './certificate.ts'
import { readCertificate } from './forge-certificate.ts'
import { forgeSigningKey } from './rsa-key.ts'
import { x509Time } from './x509-time.ts'

const { oids } = forge.pki

interface ReadSigner {
  readonly key: forge.pki.rsa.PrivateKey
  readonly certificate: forge.pki.Certificate
}

/** A signer is read once: reading its key and certificate costs three times what a signature does. */
const readSigners = new WeakMap<Credential, ReadSigner>()

function readSigner(signer: Credential): ReadSigner {
  const known = readSigners.get(signer)
  if (known) return known
  const read = {
    key: forgeSigningKey(signer.keyPem),
    certificate: readCertificate(signer.certificatePem),
  }
  readSigners.set(signer, read)
  return read
}

/** The DER of the signed `content`; `nowMs` becomes the signingTime attribute. Takes about 3 ms. */
export function signItAdmin(content: Uint8Array, signer: Credential, nowMs: number): Uint8Array {
  const message = forge.pkcs7.createSignedData()
  message.content = forge.util.createBuffer(Buffer.from(content).toString('binary'))
  const { key, certificate } = readSigner(signer)
  message.addCertificate(certificate)
  message.addSigner({
    key,
    certificate,
    digestAlgorithm: oid('sha256'),
    // In the order of their encodings, which DER demands of a set and forge leaves to its caller.
    authenticatedAttributes: [
      { type: oid('contentType'), value: oid('data') },
      { type: oid('signingTime'), value: x509Time(nowMs).toISOString() },
      { type: oid('messageDigest') },
    ],
  })
  message.sign()
  return new Uint8Array(Buffer.from(forge.asn1.toDer(message.toAsn1()).getBytes(), 'binary'))
}

function oid(name: string): string {
  const value = oids[name]
  if (value === undefined) throw new Error(`node-forge does not know ${name}`)
  return value
}
