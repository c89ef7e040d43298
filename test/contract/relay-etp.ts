/** Mail requests as a handheld makes them, without its password arithmetic. */
import type { ActivationId, MailAddress, RelayId } from '#kernel/brand.ts'
import { toHex } from '#kernel/bytes.ts'
import type { Clock } from '#kernel/clock.ts'
import { decodeEtpFile, decodeEtpRelayPart, type EtpBody, encodeEtpBody } from '#protocol/etp.ts'
import { decodeEtpArmour } from '#protocol/etp-armour.ts'
import type { SunkMail } from './relay-mail-sink.ts'
import { random, relayId } from './relay-world.ts'

export interface Request {
  readonly txn: ActivationId
  readonly bytes: Uint8Array
}

export function makeRequest(
  world: { readonly clock: Pick<Clock, 'nowMs'> },
  over: Partial<EtpBody> = {},
): Request {
  const body: EtpBody = {
    txn: toHex(random.bytes(16)) as ActivationId,
    address: 'user.one@example.com' as MailAddress,
    relayId: relayId as RelayId,
    createdAt: Math.floor(world.clock.nowMs() / 1000),
    lifeSeconds: 3_600,
    kdfProfile: 1,
    shareP: random.bytes(65),
    offer: [1],
    ...over,
  }
  return { txn: body.txn, bytes: encodeEtpBody(body) }
}

/** What the armour block of a mail holds. */
export function openMail(mail: SunkMail | undefined) {
  if (!mail) throw new Error('no mail')
  const file = decodeEtpArmour(mail.raw)
  if (!file.ok) throw new Error('no armour in the mail')
  const parts = decodeEtpFile(file.value)
  if (!parts.ok) throw new Error('no ETP file in the armour')
  const relayPart = decodeEtpRelayPart(parts.value.relayPart)
  if (!relayPart.ok) throw new Error('no relay part in the file')
  return { file: file.value, ...parts.value, ...relayPart.value }
}
