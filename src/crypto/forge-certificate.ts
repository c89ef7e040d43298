import forge from 'node-forge'

/**
 * Reads a PEM certificate so that its names can be written again. forge leaves UTF-8 names encoded when it reads and
 * encodes them once more when it writes, so that a child's issuer would differ from its parent's subject.
 */
export function readCertificate(pem: string): forge.pki.Certificate {
  const certificate = forge.pki.certificateFromPem(pem)
  for (const field of [...certificate.subject.attributes, ...certificate.issuer.attributes]) {
    if (Number(field.valueTagClass) === Number(forge.asn1.Type.UTF8) && typeof field.value === 'string')
      field.value = forge.util.decodeUtf8(field.value)
  }
  return certificate
}
