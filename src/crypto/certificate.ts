/**
 * The certificates Postkey makes itself: a domain's CA, the policy signer under it, and TLS servers for sites that
 * bring no certificate. RSA and SHA-256 throughout. Keys come in, time and randomness too.
 */
import forge from 'node-forge'
import { limits } from '#kernel/limits.ts'
import type { Random } from '#kernel/random.ts'
import { readCertificate } from './forge-certificate.ts'
import { policySignerUsage } from './policy-signer-usage.ts'
import { forgePublicKey, forgeSigningKey } from './rsa-key.ts'
import { x509Time, yearsLater } from './x509-time.ts'

export interface IssuedCertificate {
  readonly pem: string
  readonly der: Uint8Array
}

/** A certificate and its private key (PKCS #8), both PEM. */
export interface Credential {
  readonly certificatePem: string
  readonly keyPem: string
}

/** What every certificate is made of. `keyPem` is the subject's key; the validity begins five minutes before `nowMs`. */
export interface CertificateTerms {
  readonly keyPem: string
  readonly nowMs: number
  readonly years: number
  readonly random: Random
}

interface Profile {
  readonly commonName: string
  readonly organisation?: string
  readonly extensions: readonly object[]
}

/** X.520's bound on names; a longer one is cut, since it is for people to read. */
const nameSymbolsMax = 64
const serialBytes = 16
/** As a number: the library's types ask for the wrong enumeration here. */
const utf8String: number = forge.asn1.Type.UTF8

/** A self-signed CA that may issue end certificates and nothing below. */
export function makeCa(
  names: { readonly commonName: string; readonly organisation: string },
  terms: CertificateTerms,
): IssuedCertificate {
  const extensions = [
    { name: 'basicConstraints', critical: true, cA: true, pathLenConstraint: 0 },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
  ]
  return issue({ ...names, extensions }, terms, null)
}

/** The certificate that signs IT policies and commands; good for nothing else. */
export function makePolicySigner(
  ca: Credential,
  organisation: string,
  terms: CertificateTerms,
): IssuedCertificate {
  const extensions = [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true },
    { name: 'extKeyUsage', critical: true, [policySignerUsage]: true },
  ]
  return issue({ commonName: 'Postkey policy signer', organisation, extensions }, terms, ca)
}

/** A TLS server's certificate for DNS names and IP addresses, the first of which is also its common name. */
export function makeTlsServer(
  ca: Credential,
  names: readonly [string, ...string[]],
  terms: CertificateTerms,
): IssuedCertificate {
  const extensions = [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: names.map(altName) },
  ]
  return issue({ commonName: names[0], extensions }, terms, ca)
}

/** Signs with the CA's key, or with the subject's own where there is no CA. Never outlives its CA. */
function issue(profile: Profile, terms: CertificateTerms, ca: Credential | null): IssuedCertificate {
  const certificate = forge.pki.createCertificate()
  const issuer = ca ? readCertificate(ca.certificatePem) : certificate
  const startMs = terms.nowMs - limits.clockSkewSeconds * 1_000
  const endMs = yearsLater(terms.nowMs, terms.years)
  certificate.publicKey = forgePublicKey(terms.keyPem)
  certificate.serialNumber = serialNumber(terms.random)
  certificate.setSubject(subjectOf(profile))
  certificate.setIssuer(issuer.subject.attributes)
  certificate.validity.notBefore = x509Time(startMs)
  certificate.validity.notAfter = x509Time(ca ? Math.min(endMs, issuer.validity.notAfter.getTime()) : endMs)
  certificate.setExtensions([
    ...profile.extensions,
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ])
  certificate.sign(forgeSigningKey(ca ? ca.keyPem : terms.keyPem), forge.md.sha256.create())
  const der = forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes()
  return { pem: forge.pki.certificateToPem(certificate), der: new Uint8Array(Buffer.from(der, 'binary')) }
}

function subjectOf({ commonName, organisation }: Profile): forge.pki.CertificateField[] {
  const field = (name: string, value: string) => ({
    name,
    value: [...value].slice(0, nameSymbolsMax).join(''),
    valueTagClass: utf8String,
  })
  const fields = [field('commonName', commonName)]
  return organisation ? [field('organizationName', organisation), ...fields] : fields
}

/** 16 random bytes in hexadecimal, positive and without a leading zero. */
function serialNumber(random: Random): string {
  const bytes = Buffer.from(random.bytes(serialBytes))
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0)
  return bytes.toString('hex')
}

/** GeneralName 7 is an IP address, 2 a DNS name; no DNS name has a colon or consists of digits and dots alone. */
const altName = (name: string) =>
  name.includes(':') || /^[\d.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name }
