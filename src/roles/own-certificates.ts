/** The certificates of the domain itself: whose they are and when they end. */
import { X509Certificate } from 'node:crypto'
import type { CertificateView } from '#admin/views-keys.ts'
import { renewBeforeMs } from '#edge/domain-keys.ts'
import type { Base } from './base.ts'

export const ownCertificates = ({ keys, config }: Pick<Base, 'keys' | 'config'>): CertificateView[] => {
  const { organisation } = config.server
  return [
    view('CA', keys.ca.certificatePem, (name) => caRemark(name, organisation)),
    view('policy signer', keys.policySigner.certificatePem, () => null),
  ]
}

/** Only the CA's lasts: the policy signer has the new name from its next renewal on. */
const caRemark = (name: string, organisation: string): string | null =>
  name === organisation
    ? null
    : `The CA keeps the name of the first start, "${name}"; [server] organisation is "${organisation}" now, which is what handhelds show. Nothing fails by that, and the name stands in certificates alone. A CA of another name is one of a new installation, in which every handheld is activated anew.`

function view(what: string, pem: string, remark: (organisation: string) => string | null): CertificateView {
  const certificate = new X509Certificate(pem)
  const untilMs = certificate.validToDate.getTime()
  return {
    what,
    subject: certificate.subject.replaceAll('\n', ', '),
    sinceMs: certificate.validFromDate.getTime(),
    untilMs,
    renewedFromMs: untilMs - renewBeforeMs,
    remark: remark(organisationOf(certificate)),
  }
}

function organisationOf(certificate: X509Certificate): string {
  const name: unknown = Reflect.get(certificate.toLegacyObject().subject, 'O')
  return typeof name === 'string' ? name : ''
}
