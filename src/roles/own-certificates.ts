/** The certificates of the domain itself: whose they are and when they end. */
import { X509Certificate } from 'node:crypto'
import type { CertificateView } from '#admin/views-keys.ts'
import { renewBeforeMs } from '#edge/domain-keys.ts'
import type { Base } from './base.ts'

export const ownCertificates = ({ keys }: Pick<Base, 'keys'>): CertificateView[] => [
  view('CA', keys.ca.certificatePem),
  view('policy signer', keys.policySigner.certificatePem),
]

function view(what: string, pem: string): CertificateView {
  const certificate = new X509Certificate(pem)
  const untilMs = certificate.validToDate.getTime()
  return {
    what,
    subject: certificate.subject.replaceAll('\n', ', '),
    sinceMs: certificate.validFromDate.getTime(),
    untilMs,
    renewedFromMs: untilMs - renewBeforeMs,
  }
}
