/** Bytes of the relay's frames. Sizes beyond the grammar (payload, TTL) are the relay's to judge. */
import { limits } from '#kernel/limits.ts'
import { type Decoded, decoded } from '#kernel/result.ts'
import { bytes16, bytes32, bytes64, mailAddress, pin, relayId, routeToken, srpId, txn } from './fields.ts'
import { element, optionalElement, row } from './record-shape.ts'
import type { Destination, Fence, Frame, Source } from './relay-frame.ts'
import { bytes, decodeShape, encodeShape, list, nullable, type Shape, text, uint } from './shape.ts'
import { variant, variants } from './variant-shape.ts'

/**
 * Decodes one WebSocket message. `unsupported`: the first number is no frame of this version;
 * `bad_version`: a log-in of another version. Both close the connection (4400, 4426).
 */
export const decodeFrame = (message: Uint8Array): Decoded<Frame> =>
  decodeShape(frames, message, limits.frameBytesMax, 'frame')

export const encodeFrame = (frame: Frame): Uint8Array => encodeShape(frames, frame, 'frame')

const source: Shape<Source> = {
  read: (value, at) => {
    const asPin = pin.read(value, at)
    if (asPin.ok) return decoded({ kind: 'handheld', pin: asPin.value })
    const asSrpId = srpId.read(value, at)
    return asSrpId.ok ? decoded({ kind: 'server', srpId: asSrpId.value }) : asSrpId
  },
  write: (name) => (name.kind === 'handheld' ? name.pin : name.srpId),
}

const destination: Shape<Destination> = {
  read: (value, at) => {
    if (typeof value === 'string') return source.read(value, at)
    const token = routeToken.read(value, at)
    return token.ok ? decoded({ kind: 'token', token: token.value }) : token
  },
  write: (to) => (to.kind === 'token' ? to.token : source.write(to)),
}

const fence: Shape<Fence> = row<Fence>([], { generation: element(uint), epoch: element(uint) })
const payload = element(bytes(1, limits.frameBytesMax))
const mid = element(bytes16)
const nonce = element(bytes32)
const now = element(uint)
const generation = element(uint)
const domains = element(list(text(1, 253), 0, limits.domainsPerServerMax))
const pins = element(list(pin, 0, limits.pinsPerListMax))

const frames: Shape<Frame> = variants<Frame>({
  dev_hello: variant(
    1,
    {
      pin: element(nullable(pin)),
      publicKey: element(bytes32),
      nonce,
      certificate: optionalElement(bytes64),
    },
    1,
  ),
  relay_nonce: variant(2, { relayId: element(relayId), nonce }),
  dev_auth: variant(3, { signature: element(bytes64) }),
  dev_ok: variant(4, { pin: element(pin), now, generation, certificate: element(bytes64) }),
  srp_hello: variant(5, { srpId: element(srpId), nonce }),
  srp_nonce: variant(6, { relayId: element(relayId), nonce, mac: element(bytes32) }),
  srp_auth: variant(7, { mac: element(bytes32) }),
  srp_ok: variant(8, { sealKeys: element(list(bytes32, 1, 4)), now, generation }),
  srp_domains: variant(9, { domains }),
  mail_ask: variant(10, { body: element(bytes(1, limits.etpBodyBytesMax)) }),
  mail_done: variant(11, { txn: element(txn), status: element(uint), now: optionalElement(uint) }),
  dev_peers: variant(12, { srpIds: element(list(srpId, 0, limits.peersPerDeviceMax)) }),
  srp_serve: variant(13, { pins }),
  srp_drop: variant(14, { pins }),
  domains_ok: variant(15, { domains }),
  send: variant(20, {
    mid,
    to: element(destination),
    ttlSeconds: element(uint),
    payload,
    fence: optionalElement(fence),
  }),
  deliver: variant(21, { mid, from: element(source), payload }),
  frame_ack: variant(22, { mid }),
  receipt: variant(23, { mid, status: element(uint), pin: optionalElement(pin) }),
  hint: variant(24, { txn: element(txn), address: element(mailAddress) }),
})
