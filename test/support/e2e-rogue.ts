/** Another server at the same relay, with a key of its own, that reads other people's mail and says what it likes. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { nodeP256 } from '#crypto/p256-node.ts'
import { systemRandom } from '#edge/system.ts'
import { type ActivationId, type Pin, parseSrpId, type SrpId } from '#kernel/brand.ts'
import { decodeEtpBody, decodeEtpFile, decodeEtpRelayPart } from '#protocol/etp.ts'
import { decodeEtpArmour } from '#protocol/etp-armour.ts'
import { decodeM3, encodeErrorMessage, encodeM2, encodeM4 } from '#protocol/exchange.ts'
import { decodePayload, encodePayload } from '#protocol/payload.ts'
import type { Destination, Frame } from '#protocol/relay-frame.ts'
import { serverEnd } from './e2e-relay-end.ts'
import type { SiteMail } from './e2e-site.ts'
import type { World } from './e2e-world.ts'

export interface Rogue {
  readonly srpId: SrpId
  /** Says an M2 with a share of its own to the token in the mail; resolves to the relay's status. */
  answer(mail: SiteMail): Promise<number>
  /** Says an error to the token in the mail. */
  refuse(mail: SiteMail, code: number): Promise<number>
  /** The handheld's proof has come; resolves with who sent it. */
  proof(): Promise<Pin>
  /** Says an M4 that proves nothing. */
  confirm(pin: Pin, txn: ActivationId): Promise<number>
}

/** What is in a mail for whoever can read it. */
export function readMail({ raw }: SiteMail) {
  const file = decodeEtpArmour(raw.toString('latin1'))
  assert(file.ok)
  const parts = decodeEtpFile(file.value)
  assert(parts.ok)
  const [body, relayPart] = [decodeEtpBody(parts.value.body), decodeEtpRelayPart(parts.value.relayPart)]
  assert(body.ok && relayPart.ok)
  return { txn: body.value.txn, token: relayPart.value.routeToken, file: file.value }
}

export async function startRogue(
  t: TestContext,
  { postkey, admin }: World,
  typedId: string,
  domains: readonly string[],
): Promise<Rogue> {
  const srpId = parseSrpId(typedId)
  assert(srpId)
  const { srpKey } = await admin.srp.add(srpId, domains)
  const end = await serverEnd(t, postkey, srpId, srpKey)
  end.say({ type: 'srp_domains', domains })
  const fence = { generation: 0, epoch: 1 }
  const say = (to: Destination, payload: Uint8Array): Promise<number> => end.send({ to, payload, fence })
  return {
    srpId,
    answer: (mail) => {
      const { txn, token } = readMail(mail)
      const shareV = nodeP256.multiplyBase(systemRandom.bytes(32))
      const keptUntil = Math.floor(Date.now() / 1000) + 600
      const m2 = encodeM2({ txn, srpId, suite: 1, shareV, kid: 99, keptUntil })
      return say({ kind: 'token', token }, encodePayload({ kind: 'm2', bytes: m2 }))
    },
    refuse: (mail, code) => {
      const { txn, token } = readMail(mail)
      const payload = encodePayload({ kind: 'error', bytes: encodeErrorMessage({ txn, code }) })
      return say({ kind: 'token', token }, payload)
    },
    proof: () => end.until(() => end.frames.map(proverOf).find((pin) => pin !== null) ?? null),
    confirm: (pin, txn) => {
      const m4 = encodeM4({ txn, confirmV: systemRandom.bytes(32), box: systemRandom.bytes(64) })
      return say({ kind: 'handheld', pin }, encodePayload({ kind: 'm4', bytes: m4 }))
    },
  }
}

function proverOf(frame: Frame): Pin | null {
  const payload = frame.type === 'deliver' ? decodePayload(frame.payload) : null
  if (frame.type !== 'deliver' || !payload?.ok || payload.value.kind !== 'm3') return null
  const { from } = frame
  return decodeM3(payload.value.bytes).ok && from.kind === 'handheld' ? from.pin : null
}
