/** Bytes of the relay's frames. Sizes beyond the grammar (payload, TTL) are the relay's to judge. */
import { limits } from '#kernel/limits.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'
import { decodeCbor, isCborArray } from './cbor.ts'
import { bytes16, bytes32, bytes64, mailAddress, pin, relayId, routeToken, srpId, txn } from './fields.ts'
import { type Elements, element, optionalElement, row } from './record-shape.ts'
import type { Destination, Fence, Frame, FrameType, Source } from './relay-frame.ts'
import { bytes, encodeShape, list, nullable, type Shape, text, uint } from './shape.ts'

/**
 * Decodes one WebSocket message. `unsupported`: the first number is no frame of this version;
 * `bad_version`: a log-in of another version. Both close the connection (4400, 4426).
 */
export function decodeFrame(message: Uint8Array): Decoded<Frame> {
  if (message.length > limits.frameBytesMax) return refused('too_big', 'frame')
  const value = decodeCbor(message)
  if (!value.ok) return value
  if (!isCborArray(value.value) || typeof value.value[0] !== 'number') return refused('wrong_shape', 'frame')
  const type = typesByNumber.get(value.value[0])
  if (type === undefined) return refused('unsupported', 'frame')
  const fields = frameShapes[type].shape.read(value.value, type)
  return fields.ok ? decoded({ type, ...fields.value } as Frame) : fields
}

export function encodeFrame(frame: Frame): Uint8Array {
  const shape: Shape<unknown> = frameShapes[frame.type].shape
  return encodeShape(shape, frame, frame.type)
}

type FieldsOf<K extends FrameType> = Omit<Extract<Frame, { type: K }>, 'type'>

interface FrameShape<T> {
  readonly number: number
  readonly shape: Shape<T>
}

const frame = <T>(number: number, elements: Elements<NoInfer<T>>, version?: number): FrameShape<T> => ({
  number,
  shape: row([number], elements, version),
})

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

const frameShapes: { readonly [K in FrameType]: FrameShape<FieldsOf<K>> } = {
  dev_hello: frame(
    1,
    {
      pin: element(nullable(pin)),
      publicKey: element(bytes32),
      nonce,
      certificate: optionalElement(bytes64),
    },
    1,
  ),
  relay_nonce: frame(2, { relayId: element(relayId), nonce }),
  dev_auth: frame(3, { signature: element(bytes64) }),
  dev_ok: frame(4, { pin: element(pin), now, generation, certificate: element(bytes64) }),
  srp_hello: frame(5, { srpId: element(srpId), nonce }),
  srp_nonce: frame(6, { relayId: element(relayId), nonce, mac: element(bytes32) }),
  srp_auth: frame(7, { mac: element(bytes32) }),
  srp_ok: frame(8, { sealKeys: element(list(bytes32, 1, 4)), now, generation }),
  srp_domains: frame(9, { domains }),
  mail_ask: frame(10, { body: element(bytes(1, limits.etpBodyBytesMax)) }),
  mail_done: frame(11, { txn: element(txn), status: element(uint), now: optionalElement(uint) }),
  dev_peers: frame(12, { srpIds: element(list(srpId, 0, limits.peersPerDeviceMax)) }),
  srp_serve: frame(13, { pins }),
  srp_drop: frame(14, { pins }),
  domains_ok: frame(15, { domains }),
  send: frame(20, {
    mid,
    to: element(destination),
    ttlSeconds: element(uint),
    payload,
    fence: optionalElement(fence),
  }),
  deliver: frame(21, { mid, from: element(source), payload }),
  frame_ack: frame(22, { mid }),
  receipt: frame(23, { mid, status: element(uint), pin: optionalElement(pin) }),
  hint: frame(24, { txn: element(txn), address: element(mailAddress) }),
}

const typesByNumber = new Map<number, FrameType>()
for (const type of Object.keys(frameShapes) as FrameType[]) typesByNumber.set(frameShapes[type].number, type)
