/** Judges a policy signer's certificate under the domain's CA: issuer, usages, validity (protocol, signed policy). */
import { BitString } from 'asn1js'
import { BasicConstraints, type Certificate, type Extension, ExtKeyUsage } from 'pkijs'
import { type Checked, failed, passed } from './checked.ts'
import { policySignerUsage } from './policy-signer-usage.ts'

export type SignerFault = 'bad_chain' | 'bad_usage' | 'not_valid_now'

const idBasicConstraints = '2.5.29.19'
const idKeyUsage = '2.5.29.15'
const idExtKeyUsage = '2.5.29.37'
/** Extensions looked at below, or without a say in what the key may do (the two key identifiers). */
const understood = new Set([idBasicConstraints, idKeyUsage, idExtKeyUsage, '2.5.29.14', '2.5.29.35'])
const sha256WithRsa = '1.2.840.113549.1.1.11'
/** The first bits of keyUsage's BIT STRING (RFC 5280 section 4.2.1.3). */
const digitalSignatureBit = 0x80
const keyCertSignBit = 0x04

/** `atMs` is the relay's time in Unix milliseconds, by which validity is judged. */
export async function checkSignerCertificate(
  signer: Certificate,
  ca: Certificate,
  atMs: number,
): Promise<Checked<null, SignerFault>> {
  if (!isCa(ca) || !signer.issuer.isEqual(ca.subject)) return failed('bad_chain')
  if (signer.signatureAlgorithm.algorithmId !== sha256WithRsa) return failed('bad_chain')
  if (!(await signer.verify(ca))) return failed('bad_chain')
  if (!mayOnlySignPolicies(signer)) return failed('bad_usage')
  return validAt(signer, atMs) && validAt(ca, atMs) ? passed(null) : failed('not_valid_now')
}

function isCa(certificate: Certificate): boolean {
  const constraints = extension(certificate, idBasicConstraints)?.parsedValue
  return constraints instanceof BasicConstraints && constraints.cA && hasKeyUsage(certificate, keyCertSignBit)
}

function mayOnlySignPolicies(certificate: Certificate): boolean {
  const unknownCritical = (certificate.extensions ?? []).some((e) => e.critical && !understood.has(e.extnID))
  const usages = extension(certificate, idExtKeyUsage)?.parsedValue
  return (
    !unknownCritical &&
    hasKeyUsage(certificate, digitalSignatureBit) &&
    usages instanceof ExtKeyUsage &&
    usages.keyPurposes.includes(policySignerUsage)
  )
}

function hasKeyUsage(certificate: Certificate, bit: number): boolean {
  const usage = extension(certificate, idKeyUsage)?.parsedValue
  return usage instanceof BitString && ((usage.valueBlock.valueHexView[0] ?? 0) & bit) !== 0
}

const extension = (certificate: Certificate, id: string): Extension | undefined =>
  certificate.extensions?.find(({ extnID }) => extnID === id)

const validAt = (certificate: Certificate, atMs: number): boolean =>
  certificate.notBefore.value.getTime() <= atMs && atMs <= certificate.notAfter.value.getTime()
