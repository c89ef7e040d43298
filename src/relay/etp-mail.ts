/** The mail that carries ETP.DAT (docs/protocol.md, "The mail"), as one pure value for the mailer. */
import { sealEtp } from '#crypto/etp-seal.ts'
import { encodeEtpFile, encodeEtpRelayPart } from '#protocol/etp.ts'
import { encodeEtpArmour } from '#protocol/etp-armour.ts'
import type { RelayMailRow } from '#store/relay.ts'
import type { RelayIdentity } from './identity.ts'

export interface EtpMail {
  readonly from: { readonly name: string; readonly address: string }
  /** Where bounces go; empty for `<>`. */
  readonly envelopeFrom: string
  readonly to: string
  readonly subject: string
  readonly messageId: string
  readonly headers: Readonly<Record<string, string>>
  readonly dateMs: number
  readonly text: string
  /** ETP.DAT. */
  readonly file: Uint8Array
}

/** ETP.DAT for a mailing at `mailedAtMs`: the handheld's body as it is, under a fresh token and seal. */
export function makeEtpFile(
  identity: Pick<RelayIdentity, 'relayId' | 'sealKey' | 'makeToken'>,
  { pin, txn, body }: RelayMailRow,
  mailedAtMs: number,
): Uint8Array {
  const relayPart = encodeEtpRelayPart({
    relayId: identity.relayId,
    mailedAt: Math.floor(mailedAtMs / 1000),
    routeToken: identity.makeToken(pin, txn),
  })
  return encodeEtpFile({ body, relayPart, seal: sealEtp(identity.sealKey, body, relayPart) })
}

/** `mail.tries` is the number of this attempt, from 1. `envelopeSender` as in the settings. */
export function makeEtpMail(
  { relayId }: Pick<RelayIdentity, 'relayId'>,
  mail: RelayMailRow,
  file: Uint8Array,
  mailedAtMs: number,
  envelopeSender: string | null,
): EtpMail {
  const short = mail.txn.slice(0, 8)
  return {
    from: { name: 'Device activation', address: `activation@${relayId}` },
    envelopeFrom: envelopeSender ?? `bounce+${mail.txn}@${relayId}`,
    to: mail.address,
    subject: `Handheld activation request [MDAP 1 ${short}]`,
    messageId: `<${mail.txn}.${mail.tries}@${relayId}>`,
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'X-MDAP-Message': 'etp; v=1',
      'X-MDAP-Transaction': short,
    },
    dateMs: mailedAtMs,
    text: `${forAHuman}\n${encodeEtpArmour(file)}`,
    file,
  }
}

const forAHuman = `This message was sent by a handheld that is being set up for this mailbox.
The activation server reads it and files it away. You need do nothing.
If you are not setting up a handheld, delete it: without your activation
password it has no effect.
`
