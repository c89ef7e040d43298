/** Random good frames of the relay, of every type. */
import fc from 'fast-check'
import type { Frame, FrameType } from '#protocol/relay-frame.ts'
import { address, bytes, pin, plain, relayId, srpId, text, txn, uint } from './arbitraries.ts'

type FieldsOf<K extends FrameType> = Omit<Extract<Frame, { type: K }>, 'type'>

const nonce = bytes(32)
const mid = bytes(16)
const domains = fc.array(text(64, 1), { maxLength: 4 })
const pins = fc.array(pin, { maxLength: 5 })
const source = fc.oneof(
  plain({ kind: fc.constant('handheld' as const), pin }),
  plain({ kind: fc.constant('server' as const), srpId }),
)
const destination = fc.oneof(source, plain({ kind: fc.constant('token' as const), token: bytes(44) }))

const frames: { readonly [K in FrameType]: fc.Arbitrary<FieldsOf<K>> } = {
  dev_hello: fc.record(
    { pin: fc.option(pin), publicKey: bytes(32), nonce, certificate: bytes(64) },
    { requiredKeys: ['pin', 'publicKey', 'nonce'], noNullPrototype: true },
  ),
  relay_nonce: plain({ relayId, nonce }),
  dev_auth: plain({ signature: bytes(64) }),
  dev_ok: plain({ pin, now: uint, generation: uint, certificate: bytes(64) }),
  srp_hello: plain({ srpId, nonce }),
  srp_nonce: plain({ relayId, nonce, mac: bytes(32) }),
  srp_auth: plain({ mac: bytes(32) }),
  srp_ok: plain({
    sealKeys: fc.array(bytes(32), { minLength: 1, maxLength: 4 }),
    now: uint,
    generation: uint,
  }),
  srp_domains: plain({ domains }),
  mail_ask: plain({ body: bytes(1, 200) }),
  mail_done: fc.record(
    { txn, status: uint, now: uint },
    { requiredKeys: ['txn', 'status'], noNullPrototype: true },
  ),
  dev_peers: plain({ srpIds: fc.array(srpId, { maxLength: 8 }) }),
  srp_serve: plain({ pins }),
  srp_drop: plain({ pins }),
  domains_ok: plain({ domains }),
  send: fc.record(
    {
      mid,
      to: destination,
      ttlSeconds: uint,
      payload: bytes(1, 300),
      fence: plain({ generation: uint, epoch: uint }),
    },
    { requiredKeys: ['mid', 'to', 'ttlSeconds', 'payload'], noNullPrototype: true },
  ),
  deliver: plain({ mid, from: source, payload: bytes(1, 300) }),
  frame_ack: plain({ mid }),
  receipt: fc.record({ mid, status: uint, pin }, { requiredKeys: ['mid', 'status'], noNullPrototype: true }),
  hint: plain({ txn, address }),
}

export const frameTypes = Object.keys(frames) as FrameType[]

export const frame = (type: FrameType): fc.Arbitrary<Frame> => {
  const fields: fc.Arbitrary<object> = frames[type]
  return fields.map((values) => ({ type, ...values }) as Frame)
}
