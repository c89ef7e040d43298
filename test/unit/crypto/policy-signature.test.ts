import { deepEqual, equal } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import forge from 'node-forge'
import {
  type Credential,
  type IssuedCertificate,
  makeCa,
  makePolicySigner,
  makeTlsServer,
} from '#crypto/certificate.ts'
import { readCertificate } from '#crypto/forge-certificate.ts'
import { policySignerUsage } from '#crypto/policy-signer-usage.ts'
import { verifyPolicySignature } from '#crypto/policy-verify.ts'
import { forgePublicKey, forgeSigningKey, newRsaKey } from '#crypto/rsa-key.ts'
import { concat, utf8 } from '#kernel/bytes.ts'
import { signItAdmin } from '../../support/sign-it-admin.ts'
import { flips } from './flip.ts'

const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) }
const folder = mkdtempSync(join(tmpdir(), 'postkey-policy-'))
const organisation = 'Exämple Örg'
const nowMs = Date.UTC(2027, 0, 15)
const yearMs = 366 * 86_400_000
const content = utf8('a policy in CBOR \u0000\u00ff with every kind of byte')

let ca: IssuedCertificate
let caCredential: Credential
let signer: Credential
let tlsServer: Credential
let cms: Uint8Array

const terms = (keyPem: string, years = 10) => ({ keyPem, nowMs, years, random })

before(async () => {
  const [caKey, signerKey, tlsKey] = [await newRsaKey(2_048), await newRsaKey(2_048), await newRsaKey(2_048)]
  ca = makeCa({ commonName: 'Postkey domain CA', organisation }, terms(caKey))
  caCredential = { certificatePem: ca.pem, keyPem: caKey }
  signer = {
    certificatePem: makePolicySigner(caCredential, organisation, terms(signerKey, 2)).pem,
    keyPem: signerKey,
  }
  tlsServer = {
    certificatePem: makeTlsServer(caCredential, ['relay.test'], terms(tlsKey)).pem,
    keyPem: tlsKey,
  }
  cms = signItAdmin(content, signer, nowMs)
})

after(() => rmSync(folder, { recursive: true }))

const judge = async (bytes: Uint8Array, caDer = ca.der, atMs = nowMs) => {
  const result = await verifyPolicySignature(bytes, caDer, atMs)
  return result.ok ? 'good' : result.reason
}

const fromBinary = (text: string) => new Uint8Array(Buffer.from(text, 'binary'))

interface Deviation {
  readonly enclosed?: readonly Credential[]
  readonly detached?: boolean
  readonly digest?: string
  readonly attributes?: readonly string[]
}

const oid = (name: string): string => forge.pki.oids[name] ?? ''

/** Signs with forge alone, so that a test can deviate from what `signItAdmin` would ever make. */
function forgeCms(signers: readonly Credential[], deviation: Deviation = {}): Uint8Array {
  const { enclosed = signers, detached = false, digest = 'sha256' } = deviation
  const { attributes = ['contentType', 'signingTime', 'messageDigest'] } = deviation
  const message = forge.pkcs7.createSignedData()
  message.content = forge.util.createBuffer(Buffer.from(content).toString('binary'))
  for (const { certificatePem } of enclosed) message.addCertificate(readCertificate(certificatePem))
  for (const { certificatePem, keyPem } of signers) {
    message.addSigner({
      key: keyPem,
      certificate: readCertificate(certificatePem),
      digestAlgorithm: oid(digest),
      authenticatedAttributes: attributes.map((name) =>
        name === 'contentType' ? { type: oid(name), value: oid('data') } : { type: oid(name) },
      ),
    })
  }
  message.sign({ detached })
  return fromBinary(forge.asn1.toDer(message.toAsn1()).getBytes())
}

/** A signer under the domain's CA with extensions that `makePolicySigner` would never give. */
function oddSigner(extensions: readonly object[]): Credential {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forgePublicKey(signer.keyPem)
  certificate.serialNumber = '4d'
  certificate.setSubject([{ name: 'commonName', value: 'odd signer' }])
  certificate.setIssuer(readCertificate(ca.pem).subject.attributes)
  certificate.validity.notBefore = new Date(nowMs)
  certificate.validity.notAfter = new Date(nowMs + yearMs)
  certificate.setExtensions([...extensions])
  certificate.sign(forgeSigningKey(caCredential.keyPem), forge.md.sha256.create())
  return { certificatePem: forge.pki.certificateToPem(certificate), keyPem: signer.keyPem }
}

describe('a signed policy', () => {
  it('verifies and gives its content back', async () => {
    deepEqual(await verifyPolicySignature(cms, ca.der, nowMs), { ok: true, value: content })
  })

  it('verifies with openssl, to the same content', () => {
    const path = (name: string) => join(folder, name)
    writeFileSync(path('policy.der'), cms)
    writeFileSync(path('ca.pem'), ca.pem)
    const args = ['cms', '-verify', '-inform', 'DER', '-in', path('policy.der'), '-CAfile', path('ca.pem')]
    const options = ['-purpose', 'any', '-binary', '-attime', String(nowMs / 1_000), '-out', path('content')]
    execFileSync('openssl', [...args, ...options], { stdio: 'pipe' })
    deepEqual(new Uint8Array(readFileSync(path('content'))), content)
  })

  it('verifies when openssl has signed it', async () => {
    const path = (name: string) => join(folder, name)
    writeFileSync(path('content.in'), content)
    writeFileSync(path('signer.pem'), signer.certificatePem)
    writeFileSync(path('signer.key'), signer.keyPem)
    const args = ['cms', '-sign', '-binary', '-nodetach', '-nosmimecap', '-md', 'sha256', '-outform', 'DER']
    const files = ['-in', path('content.in'), '-signer', path('signer.pem'), '-inkey', path('signer.key')]
    execFileSync('openssl', [...args, ...files, '-out', path('openssl.der')], { stdio: 'pipe' })
    // openssl writes streamed content in BER; asked for DER it re-encodes what it reads.
    execFileSync('openssl', [
      'cms',
      '-cmsout',
      '-inform',
      'DER',
      '-in',
      path('openssl.der'),
      '-outform',
      'DER',
      '-out',
      path('again.der'),
    ])
    equal(await judge(new Uint8Array(readFileSync(path('again.der')))), 'good')
  })
})

describe('what a handheld refuses as a policy', () => {
  it('is content changed at any byte', async () => {
    const at = Buffer.from(cms).indexOf(Buffer.from(content))
    for (let i = at; i < at + content.length; i += 1) {
      const altered = cms.slice()
      altered[i] = (altered[i] ?? 0) ^ 1
      equal(await judge(altered), 'bad_signature', `byte ${i}`)
    }
  })

  it('is whatever a changed byte would make of it: at worst the same content again, never a throw', async () => {
    for (const { at, flipped } of flips(cms)) {
      if (at % 13 !== 0) continue
      const result = await verifyPolicySignature(flipped, ca.der, nowMs)
      if (result.ok) deepEqual(result.value, content, `byte ${at}`)
    }
  })

  it('is something cut, followed by bytes, in BER, or no CMS at all', async () => {
    for (let length = 0; length < cms.length; length += 97)
      equal(await judge(cms.slice(0, length)), 'bad_cms')
    equal(await judge(concat(cms, Uint8Array.of(0))), 'bad_cms')
    equal(await judge(utf8('hello')), 'bad_cms')
    equal(await judge(ca.der), 'bad_cms')
    // 30 82 hh ll … as 30 83 00 hh ll …: the same value, not the same bytes.
    equal(await judge(concat(Uint8Array.of(0x30, 0x83, 0), cms.slice(2))), 'bad_cms')
  })

  it('is one with two signers or none', async () => {
    equal(await judge(forgeCms([signer])), 'good')
    equal(await judge(forgeCms([signer, signer])), 'signer_count')
    equal(await judge(forgeCms([signer, tlsServer])), 'signer_count')
    equal(await judge(forgeCms([])), 'signer_count')
  })

  it("is one without its signer's certificate, or without content", async () => {
    equal(await judge(forgeCms([signer], { enclosed: [] })), 'no_certificate')
    equal(await judge(forgeCms([signer], { enclosed: [tlsServer] })), 'no_certificate')
    equal(await judge(forgeCms([signer], { enclosed: [signer, signer] })), 'no_certificate')
    equal(await judge(forgeCms([signer], { detached: true })), 'bad_cms')
  })

  it('is one with another hash, or without the three signed attributes once each', async () => {
    equal(await judge(forgeCms([signer], { digest: 'sha1' })), 'bad_cms')
    equal(await judge(forgeCms([signer], { attributes: [] })), 'bad_cms')
    equal(await judge(forgeCms([signer], { attributes: ['contentType', 'messageDigest'] })), 'bad_cms')
    const twice = ['contentType', 'signingTime', 'signingTime', 'messageDigest']
    equal(await judge(forgeCms([signer], { attributes: twice })), 'bad_cms')
  })

  it('is one signed by a TLS certificate of the same CA, or by the CA itself', async () => {
    equal(await judge(signItAdmin(content, tlsServer, nowMs)), 'bad_usage')
    equal(await judge(signItAdmin(content, caCredential, nowMs)), 'bad_usage')
  })

  it('is one whose signer lacks a usage or has a critical extension nobody here understands', async () => {
    const usage = { name: 'keyUsage', critical: true, digitalSignature: true }
    const extended = { name: 'extKeyUsage', [policySignerUsage]: true }
    const judgeSigner = (...extensions: object[]) => judge(signItAdmin(content, oddSigner(extensions), nowMs))
    equal(await judgeSigner(usage, extended), 'good')
    equal(await judgeSigner(extended), 'bad_usage')
    equal(await judgeSigner(usage), 'bad_usage')
    equal(await judgeSigner({ name: 'keyUsage', keyEncipherment: true }, extended), 'bad_usage')
    const constraint = { name: 'subjectAltName', critical: true, altNames: [{ type: 2, value: 'a.test' }] }
    equal(await judgeSigner(usage, extended, constraint), 'bad_usage')
  })

  it("is one of a signer under another CA, also under another CA's key with the same name", async () => {
    const otherKey = await newRsaKey(2_048)
    const other = makeCa({ commonName: 'Postkey domain CA', organisation }, terms(otherKey))
    const foreign = makePolicySigner(
      { certificatePem: other.pem, keyPem: otherKey },
      organisation,
      terms(signer.keyPem),
    )
    const bytes = signItAdmin(content, { certificatePem: foreign.pem, keyPem: signer.keyPem }, nowMs)
    equal(await judge(bytes), 'bad_chain')
    equal(await judge(bytes, other.der), 'good')
    equal(await judge(cms, other.der), 'bad_chain')
  })

  it('is one whose signer was issued by another certificate of the CA, not by the CA directly', async () => {
    const grandchild = makePolicySigner(tlsServer, organisation, terms(signer.keyPem))
    const bytes = signItAdmin(content, { certificatePem: grandchild.pem, keyPem: signer.keyPem }, nowMs)
    equal(await judge(bytes), 'bad_chain')
    // Not even where somebody presents the TLS certificate as the CA.
    const tlsDer = fromBinary(forge.pem.decode(tlsServer.certificatePem)[0]?.body ?? '')
    equal(await judge(bytes, tlsDer), 'bad_chain')
  })

  it('is one whose signer has expired, is not valid yet, or whose CA has expired, by the time given', async () => {
    equal(await judge(cms, ca.der, nowMs + 1.9 * yearMs), 'good')
    equal(await judge(cms, ca.der, nowMs + 2.1 * yearMs), 'not_valid_now')
    equal(await judge(cms, ca.der, nowMs - 86_400_000), 'not_valid_now')
    const names = { commonName: 'Postkey domain CA', organisation }
    const shortLived = makeCa(names, terms(caCredential.keyPem, 1))
    equal(await judge(cms, shortLived.der, nowMs), 'good')
    equal(await judge(cms, shortLived.der, nowMs + 1.5 * yearMs), 'not_valid_now')
  })

  it("is one signed with another key than the certificate's", async () => {
    const bytes = signItAdmin(
      content,
      { certificatePem: signer.certificatePem, keyPem: tlsServer.keyPem },
      nowMs,
    )
    equal(await judge(bytes), 'bad_signature')
  })
})
