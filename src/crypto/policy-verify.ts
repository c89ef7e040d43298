/**
 * Verifies the signature on IT policies and commands: CMS form, the one signer, and its chain. What the content says
 * is judged afterwards, by whoever asked. pkijs verifies because node-forge cannot, and it is asynchronous.
 */
import { fromBER, ObjectIdentifier, OctetString } from 'asn1js'
import {
  type Attribute,
  Certificate,
  ContentInfo,
  IssuerAndSerialNumber,
  SignedData,
  type SignerInfo,
} from 'pkijs'
import { sameBytes } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import { type Checked, failed, passed } from './checked.ts'
import { checkSignerCertificate, type SignerFault } from './signer-certificate.ts'

/** All of them are ACK status 2 for the sender; the reason is for the handheld's own log. */
export type PolicySignatureFault =
  | 'bad_cms'
  | 'signer_count'
  | 'no_certificate'
  | 'bad_signature'
  | SignerFault

const idData = '1.2.840.113549.1.7.1'
const idSignedData = '1.2.840.113549.1.7.2'
const idContentType = '1.2.840.113549.1.9.3'
const idMessageDigest = '1.2.840.113549.1.9.4'
const idSigningTime = '1.2.840.113549.1.9.5'
const idSha256 = '2.16.840.1.101.3.4.2.1'
/** rsaEncryption, as most software writes it, or sha256WithRSAEncryption. */
const rsaAlgorithms = ['1.2.840.113549.1.1.1', '1.2.840.113549.1.1.11']

/** The signed content, if its one signer is a policy signer issued directly by the CA in `caDer` and valid at `atMs`. */
export async function verifyPolicySignature(
  cms: Uint8Array,
  caDer: Uint8Array,
  atMs: number,
): Promise<Checked<Uint8Array, PolicySignatureFault>> {
  try {
    return await verify(cms, caDer, atMs)
  } catch {
    // The ASN.1 libraries throw on bytes they cannot read; to us that is one more kind of bad bytes.
    return failed('bad_cms')
  }
}

async function verify(
  cms: Uint8Array,
  caDer: Uint8Array,
  atMs: number,
): Promise<Checked<Uint8Array, PolicySignatureFault>> {
  const signed = readSignedData(cms)
  if (!signed) return failed('bad_cms')
  const [signerInfo, ...others] = signed.signerInfos
  if (!signerInfo || others.length > 0) return failed('signer_count')
  const content = attachedContent(signed)
  if (!content || !hasExpectedForm(signerInfo)) return failed('bad_cms')
  const certificate = signerCertificate(signed, signerInfo)
  if (!certificate) return failed('no_certificate')
  if (!(await signatureHolds(signed))) return failed('bad_signature')
  const judged = await checkSignerCertificate(certificate, Certificate.fromBER(Uint8Array.from(caDer)), atMs)
  return judged.ok ? passed(content) : judged
}

/** SignedData inside ContentInfo, with nothing after it. */
function readSignedData(cms: Uint8Array): SignedData | null {
  if (cms.length > limits.packetBytesMax) return null
  const { result } = fromBER(Uint8Array.from(cms))
  const info = new ContentInfo({ schema: result })
  if (info.contentType !== idSignedData) return null
  const signed = new SignedData({ schema: info.content })
  // DER has one encoding and nothing after it; otherwise many byte strings would carry one signature.
  return sameBytes(new Uint8Array(result.toBER()), cms) ? signed : null
}

function attachedContent(signed: SignedData): Uint8Array | null {
  const { eContentType, eContent } = signed.encapContentInfo
  return eContentType === idData && eContent instanceof OctetString
    ? new Uint8Array(eContent.getValue())
    : null
}

/** SHA-256, RSA, and the three signed attributes once each, with the content type that is really signed. */
function hasExpectedForm({ digestAlgorithm, signatureAlgorithm, signedAttrs }: SignerInfo): boolean {
  const attributes = signedAttrs?.attributes ?? []
  const contentType = onlyAttribute(attributes, idContentType)?.values[0]
  return (
    digestAlgorithm.algorithmId === idSha256 &&
    rsaAlgorithms.includes(signatureAlgorithm.algorithmId) &&
    contentType instanceof ObjectIdentifier &&
    contentType.valueBlock.toString() === idData &&
    onlyAttribute(attributes, idMessageDigest) !== null &&
    onlyAttribute(attributes, idSigningTime) !== null
  )
}

function onlyAttribute(attributes: readonly Attribute[], type: string): Attribute | null {
  const [found, ...others] = attributes.filter((attribute) => attribute.type === type)
  return found && others.length === 0 && found.values.length === 1 ? found : null
}

/** The enclosed certificate the signer names by issuer and serial number; two of that name are none. */
function signerCertificate(signed: SignedData, { sid }: SignerInfo): Certificate | null {
  if (!(sid instanceof IssuerAndSerialNumber)) return null
  const matching = (signed.certificates ?? []).filter(
    (candidate): candidate is Certificate =>
      candidate instanceof Certificate &&
      candidate.issuer.isEqual(sid.issuer) &&
      candidate.serialNumber.isEqual(sid.serialNumber),
  )
  return matching.length === 1 ? (matching[0] ?? null) : null
}

async function signatureHolds(signed: SignedData): Promise<boolean> {
  try {
    return await signed.verify({ signer: 0, checkChain: false })
  } catch {
    return false
  }
}
