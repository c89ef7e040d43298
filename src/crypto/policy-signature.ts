/** Signs IT policies and commands: CMS SignedData (RFC 5652) in DER, attached, one signer, signer's certificate enclosed. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import forge from 'node-forge'
import { assert } from '#kernel/assert.ts'
import type { Credential } from './certificate.ts'
import { readCertificate } from './forge-certificate.ts'
import { x509Time } from './x509-time.ts'

const { asn1, pki, pkcs7, util } = forge
const { oids } = pki

interface ReadSigner {
  readonly key: KeyObject
  readonly certificate: forge.pki.Certificate
}

/** A signer is read once: reading its key and certificate costs three times what a signature does. */
const readSigners = new WeakMap<Credential, ReadSigner>()

function readSigner(signer: Credential): ReadSigner {
  const known = readSigners.get(signer)
  if (known) return known
  const read = {
    key: createPrivateKey(signer.keyPem),
    certificate: readCertificate(signer.certificatePem),
  }
  readSigners.set(signer, read)
  return read
}

/** What node-forge's types leave out: the structures that it builds while it signs. */
interface Built {
  readonly signers: readonly { readonly authenticatedAttributesAsn1: forge.asn1.Asn1 }[]
  readonly signerInfos: readonly forge.asn1.Asn1[]
}

/** node-forge builds the structure around a signature that is made afterwards, where nobody waits for it. */
const signsNothing = { sign: () => '' } as unknown as forge.pki.rsa.PrivateKey

/** What is signed, with which key, and the DER of the whole around its signature. */
export interface ToBeSigned {
  readonly bytes: Uint8Array
  readonly key: KeyObject
  around(signature: Uint8Array): Uint8Array
}

/** `content` as it is signed; `nowMs` becomes the signingTime attribute. */
export function itAdminToSign(content: Uint8Array, signer: Credential, nowMs: number): ToBeSigned {
  const { key, certificate } = readSigner(signer)
  const message = pkcs7.createSignedData()
  message.content = util.createBuffer(Buffer.from(content).toString('binary'))
  message.addCertificate(certificate)
  message.addSigner({
    key: signsNothing,
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
  const [attributes, signature] = unsignedParts(message as unknown as Built)
  return {
    bytes: derOf(attributes),
    key,
    around: (made) => {
      signature.value = Buffer.from(made).toString('binary')
      return derOf(message.toAsn1())
    },
  }
}

/**
 * The signed attributes as they are signed, which is as a SET (RFC 5652 section 5.4), and the signature's OCTET STRING:
 * without unsigned attributes the last element of the SignerInfo (section 5.3).
 */
function unsignedParts({
  signers: [signer],
  signerInfos: [info],
}: Built): [forge.asn1.Asn1, forge.asn1.Asn1] {
  assert(signer && info && Array.isArray(info.value), 'node-forge has built one SignerInfo')
  const signature = info.value.at(-1)
  assert(signature?.type === asn1.Type.OCTETSTRING && signature.value === '', 'its signature comes last')
  const set = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, signer.authenticatedAttributesAsn1.value)
  return [set, signature]
}

const derOf = (structure: forge.asn1.Asn1): Uint8Array =>
  new Uint8Array(Buffer.from(asn1.toDer(structure).getBytes(), 'binary'))

function oid(name: string): string {
  const value = oids[name]
  if (value === undefined) throw new Error(`node-forge does not know ${name}`)
  return value
}
