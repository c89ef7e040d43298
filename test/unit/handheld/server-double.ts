/**
 * The server's side of one activation, made from primitives and told what to do by each test: not the product's
 * server, so that the handheld is held to the protocol and not to a sibling.
 */
import { expand, sha256 } from '#crypto/hash.ts'
import {
  handshakeKeys,
  masterKey,
  nextTranscriptHash,
  openM3Box,
  pakeContext,
  proverIdentity,
  sealM4Box,
  verifierIdentity,
} from '#crypto/key-schedule.ts'
import { type KeyStretching, stretchingInput } from '#crypto/key-stretching.ts'
import { nobleMlKem } from '#crypto/ml-kem-noble.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { randomScalar } from '#crypto/p256-scalar.ts'
import { directionKeys, openPacketBody, packetTag, type Suite, sealPacketBody } from '#crypto/packet.ts'
import { registrationRecord, secretsFromStretched } from '#crypto/registration.ts'
import { type ProverSecrets, verifierConfirm, verifierShare } from '#crypto/spake2plus.ts'
import type { SrpId } from '#kernel/brand.ts'
import { sameBytes, utf8 } from '#kernel/bytes.ts'
import type { Random } from '#kernel/random.ts'
import { type Ack, decodeAck } from '#protocol/ack.ts'
import { decodeEtpBody } from '#protocol/etp.ts'
import {
  type DeviceInfo,
  decodeDeviceInfo,
  decodeM3,
  encodeM2,
  encodeM4,
  encodeServerInfo,
  type M2,
} from '#protocol/exchange.ts'
import { decodeOtaKeyGen, encodeOtaKeyGen } from '#protocol/otakeygen.ts'
import {
  contentTypes,
  decodePacket,
  decodePacketHeader,
  directions,
  encodePacket,
  encodePacketHeader,
} from '#protocol/packet-frame.ts'

/** Cheap stretching: what the tests prove does not depend on its cost. */
const stretch = (input: Uint8Array): Uint8Array => expand(sha256(input), utf8('test stretching'), 80)

export const testStretching: KeyStretching = { profile: 1, stretch: async (input) => stretch(input) }

export function testSecrets(password: string, email: string): ProverSecrets {
  const secrets = secretsFromStretched(stretch(stretchingInput(password, email)))
  if (!secrets) throw new Error('zero scalar')
  return secrets
}

export interface ServerScript {
  readonly srpId: SrpId
  readonly password: string
  readonly suite: Suite
  readonly kid: number
  readonly organisation: string
  /** Stands for a certificate: the handheld compares it and hands it on. */
  readonly ca: Uint8Array
  readonly random: Random
  /** It answers an ML-KEM key with a ciphertext. */
  readonly kem?: true
}

/** What the server knows between M2 and M4. */
export interface Shared {
  readonly m2: Uint8Array
  readonly bodyHash: Uint8Array
  readonly address: string
  readonly txn: M2['txn']
  readonly transcript: Parameters<typeof verifierConfirm>[0]
  /** Of ML-KEM; empty where the run has none. */
  readonly kemSecret: Uint8Array
}

export interface Proved {
  readonly ok: boolean
  readonly info: DeviceInfo | null
  readonly m4: Uint8Array
  readonly channel: Channel
}

export function answerRequest(
  script: ServerScript,
  body: Uint8Array,
  pin: string,
  change: Partial<M2> = {},
): Shared {
  const etp = decodeEtpBody(body)
  if (!etp.ok) throw new Error(`${etp.fault.code} ${etp.fault.at}`)
  const { txn, shareP, address, kemKey } = etp.value
  const kem = script.kem && kemKey ? nobleMlKem.encapsulate(kemKey, script.random.bytes(32)) : null
  const record = registrationRecord(nodeP256, testSecrets(script.password, address))
  const share = verifierShare(nodeP256, record, shareP, randomScalar(script.random))
  if (!share.ok) throw new Error(share.reason)
  const { shareV, z, v } = share.value
  const { srpId, suite, kid } = script
  const m2 = encodeM2({
    ...{ txn, srpId, suite, shareV, kid, keptUntil: 2_000_000_000 },
    ...(kem ? { kemCiphertext: kem.ciphertext } : {}),
    ...change,
  })
  const transcript = {
    context: pakeContext(sha256(body), sha256(m2)),
    idProver: proverIdentity(address, pin),
    idVerifier: verifierIdentity(srpId),
    shareP,
    shareV,
    z,
    v,
    w0: record.w0,
  }
  const kemSecret = kem?.secret ?? new Uint8Array()
  return { m2, bodyHash: sha256(body), address, txn, transcript, kemSecret }
}

/** Judges M3; `ok` tells whether the password was right, the rest is made in either case. */
export function judgeProof(script: ServerScript, shared: Shared, m3Bytes: Uint8Array): Proved {
  const m3 = decodeM3(m3Bytes)
  if (!m3.ok) throw new Error(`${m3.fault.code} ${m3.fault.at}`)
  const outcome = verifierConfirm(shared.transcript)
  const keys = handshakeKeys(shared.bodyHash, sha256(shared.m2), outcome.kShared, shared.kemSecret)
  const box = openM3Box(keys.d2s, keys.th, m3.value.box)
  const info = box && decodeDeviceInfo(box)
  const th3 = nextTranscriptHash(keys.th, m3Bytes)
  const { organisation, ca } = script
  const serverInfo = encodeServerInfo({ organisation, caCertificate: ca, nextRolloverAt: 1_900_000_000 })
  const m4 = encodeM4({
    txn: shared.txn,
    confirmV: outcome.confirmV,
    box: sealM4Box(keys.s2d, th3, script.random.bytes(12), serverInfo),
  })
  const mk = masterKey(keys.prk, script.suite, script.kid, th3)
  const channel = new Channel(script, mk, nextTranscriptHash(th3, m4))
  const ok = sameBytes(m3.value.confirmP, outcome.confirmP)
  return { ok, info: info?.ok ? info.value : null, m4, channel }
}

/** The server's end of the packets under one key. */
export class Channel {
  readonly th4: Uint8Array
  readonly #script: ServerScript
  readonly masterKey: Uint8Array
  #nextSeq = 1
  #lastTag: Uint8Array = new Uint8Array(0)

  constructor(script: ServerScript, key: Uint8Array, th4: Uint8Array) {
    this.#script = script
    this.masterKey = key
    this.th4 = th4
  }

  keyCheck(): Uint8Array {
    const content = encodeOtaKeyGen({ type: 'key_check', transcriptHash: this.th4 })
    return this.packet(contentTypes.otakeygen, content, { seq: 0 })
  }

  /** An encoded packet under the next number, or under the given one. */
  packet(
    contentType: number,
    content: Uint8Array,
    options: { seq?: number; flags?: number } = {},
  ): Uint8Array {
    const seq = options.seq ?? this.#nextSeq
    if (options.seq === undefined) this.#nextSeq += 1
    const { kid, suite, random } = this.#script
    const flags = options.flags ?? 0
    const header = encodePacketHeader({
      kid,
      direction: directions.serverToDevice,
      seq,
      salt: random.bytes(16),
      contentType,
      flags,
    })
    this.#lastTag = packetTag(header)
    const body = sealPacketBody(suite, directionKeys(this.masterKey).s2d, header, content)
    return encodePacket({ header, body })
  }

  lastTag(): Uint8Array {
    return this.#lastTag
  }

  /** What the handheld sent: throws unless it is a good packet of this key. */
  open(bytes: Uint8Array): { contentType: number; seq: number; content: Uint8Array } {
    const packet = decodePacket(bytes)
    const header = packet.ok ? decodePacketHeader(packet.value.header) : packet
    if (!packet.ok || !header.ok) throw new Error('not a packet')
    const { contentType, seq, direction, kid } = header.value
    const keys = directionKeys(this.masterKey)
    const content = openPacketBody(this.#script.suite, keys.d2s, packet.value.header, packet.value.body)
    if (!content || direction !== directions.deviceToServer || kid !== this.#script.kid)
      throw new Error('a packet that does not open')
    return { contentType, seq, content }
  }

  isKeyCheck(bytes: Uint8Array): boolean {
    const { contentType, seq, content } = this.open(bytes)
    if (contentType !== contentTypes.otakeygen || seq !== 0) return false
    const message = decodeOtaKeyGen(content)
    return (
      message.ok && message.value.type === 'key_check' && sameBytes(message.value.transcriptHash, this.th4)
    )
  }

  ack(bytes: Uint8Array): Ack {
    const { contentType, content } = this.open(bytes)
    const ack = decodeAck(content)
    if (contentType !== contentTypes.ack || !ack.ok) throw new Error('not an ACK')
    return ack.value
  }
}
