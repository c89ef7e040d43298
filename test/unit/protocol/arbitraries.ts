/** Random good values of every message type, for the property tests of the codecs. */
import fc from 'fast-check'
import type { ActivationId } from '#kernel/brand.ts'
import { parsePin, parseRelayId, parseSrpId } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import type { Ack } from '#protocol/ack.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import type { CborValue } from '#protocol/cbor.ts'
import type { EtpBody, EtpFile, EtpRelayPart } from '#protocol/etp.ts'
import type { DeviceInfo, ErrorMessage, M2, M3, M4, ServerInfo } from '#protocol/exchange.ts'
import type { ItPolicy, RuleValue } from '#protocol/it-admin.ts'
import { type ItCommand, isCommandName, type Order, wipeWaitSecondsMax } from '#protocol/it-command.ts'
import type { RollAnswer, RollOffer } from '#protocol/otakeygen.ts'
import type { PacketHeader } from '#protocol/packet-frame.ts'
import type { Part } from '#protocol/parts.ts'
import type { Book, BookSet } from '#protocol/service-book.ts'
import type { SyncMessage, SyncRecord } from '#protocol/sync.ts'

export const bytes = (min: number, max = min) => fc.uint8Array({ minLength: min, maxLength: max })
export const uint = fc.maxSafeNat()
const uint8 = fc.nat(0xff)
const kid = fc.integer({ min: 1, max: 0xffff_ffff })
export const int = fc.maxSafeInteger()
/** Text of at most `max` bytes: a UTF-16 unit takes up to three of them. */
export const text = (max: number, min = 0) =>
  fc.string({ unit: 'grapheme', minLength: min, maxLength: Math.max(min, max >> 3) }).filter((value) => {
    const length = Buffer.byteLength(value)
    return value.isWellFormed() && length >= min && length <= max
  })

const hexDigits = (count: number) => bytes(count / 2).map((value) => Buffer.from(value).toString('hex'))
export const txn = hexDigits(32).map((hex) => hex as ActivationId)
export const pin = hexDigits(8).map((hex) => present(parsePin(hex.toUpperCase())))
export const srpId = fc.nat(99_999_999).map((n) => present(parseSrpId(`S${String(n).padStart(8, '0')}`)))
const label = fc.stringMatching(/^[a-z0-9]{1,12}$/)
const domain = fc.tuple(label, label).map((labels) => labels.join('.'))
export const relayId = domain.map((name) => present(parseRelayId(name)))
export const address = label.map((local) => {
  const canonical = canonicalEmail(`${local}@example.com`)
  if (!canonical.ok) throw new Error(canonical.fault.code)
  return canonical.value
})

type Optional<T> = { [K in keyof T as Record<never, never> extends Pick<T, K> ? K : never]-?: K }
/** Like `fc.record`, with the named keys now there and now not. */
const record = <T>(
  fields: { [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>> },
  optional: readonly (keyof Optional<T> & keyof T)[] = [],
): fc.Arbitrary<T> => {
  const requiredKeys = (Object.keys(fields) as (keyof T & string)[]).filter(
    (key) => !optional.includes(key as never),
  )
  return fc.record(fields, { requiredKeys, noNullPrototype: true }) as fc.Arbitrary<T>
}

/** `fc.record` of all its fields, as the plain objects that decoders return. */
export const plain = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(fields, { noNullPrototype: true })

/** Any CBOR value of the protocol's kinds, a few levels deep. */
export const cborValue: fc.Arbitrary<CborValue> = fc.letrec<{ any: CborValue }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    int,
    text(64),
    bytes(0, 40),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.oneof(int, text(16)), tie('any')), { maxLength: 4 }).map((items) => new Map(items)),
  ),
})).any

const integerMap = fc.array(fc.tuple(int, cborValue), { maxLength: 4 }).map((items) => new Map(items))

export const etpFile = record<EtpFile>({ body: bytes(1, 200), relayPart: bytes(1, 200), seal: bytes(64) })
export const etpBody = record<EtpBody>(
  {
    txn,
    address,
    relayId,
    createdAt: uint,
    lifeSeconds: fc.nat(limits.etpLifeSecondsMax),
    kdfProfile: fc.nat(255),
    shareP: bytes(65),
    offer: fc.uniqueArray(fc.nat(255), { minLength: 1, maxLength: 8 }),
    kemKey: bytes(1184),
  },
  ['kemKey'],
)
export const etpRelayPart = record<EtpRelayPart>({ relayId, mailedAt: uint, routeToken: bytes(44) })

export const m2 = record<M2>(
  {
    txn,
    srpId,
    suite: fc.nat(255),
    shareV: bytes(65),
    kemCiphertext: bytes(1088),
    kid,
    keptUntil: uint,
  },
  ['kemCiphertext'],
)
export const m3 = record<M3>({ txn, confirmP: bytes(32), box: bytes(28, 200) })
export const m4 = record<M4>({ txn, confirmV: bytes(32), box: bytes(28, 200) })
export const deviceInfo = record<DeviceInfo>({
  pin,
  model: text(64),
  softwareVersion: text(64),
  platform: text(64),
  publicKey: bytes(32),
})
export const serverInfo = record<ServerInfo>(
  {
    organisation: text(128),
    caCertificate: bytes(0, 99),
    nextRolloverAt: uint,
    policyCertificate: bytes(0, 9),
  },
  ['policyCertificate'],
)
export const errorMessage = record<ErrorMessage>({ txn, code: uint8, triesLeft: uint8, kid }, [
  'txn',
  'triesLeft',
  'kid',
])

export const packetHeader = record<PacketHeader>({
  kid,
  direction: fc.constantFrom('d2s', 's2d'),
  seq: uint,
  salt: bytes(16),
  contentType: fc.nat(255),
  flags: fc.nat(1),
})
export const part: fc.Arbitrary<Part> = fc
  .tuple(bytes(16), fc.integer({ min: 2, max: 22 }), bytes(1, 100))
  .map(([id, count, chunk]) => ({ id, index: count - 1, count, chunk }))
export const otaKeyGen = fc.oneof(
  plain({ type: fc.constant('key_check' as const), transcriptHash: bytes(32) }),
  record<RollOffer>(
    { type: fc.constant('roll_offer'), kid, share: bytes(65), kemEncapsulationKey: bytes(1184) },
    ['kemEncapsulationKey'],
  ),
  record<RollAnswer>(
    { type: fc.constant('roll_answer'), kid, share: bytes(65), kemCiphertext: bytes(1088) },
    ['kemCiphertext'],
  ),
  plain({ type: fc.constant('roll_done' as const), kid }),
)
export const ack = record<Ack>({ kid, seq: uint, tag: bytes(8), status: uint8, detail: bytes(0, 20) }, [
  'detail',
])

const ruleValue: fc.Arbitrary<RuleValue> = fc.oneof(
  fc.boolean(),
  int,
  text(1024),
  bytes(0, 64),
  fc.array(int),
  fc.array(text(32)),
)
export const itPolicy = record<ItPolicy>({
  policyId: text(64, 1),
  number: uint,
  srpId,
  pin: fc.option(pin),
  issuedAt: uint,
  rules: fc.array(fc.tuple(text(32), ruleValue), { maxLength: 6 }).map((items) => new Map(items)),
})

const ownerText = text(128)
const order: fc.Arbitrary<Order> = fc.oneof(
  record<Extract<Order, { command: 'lock' }>>(
    { command: fc.constant('lock'), password: text(128, 1), ownerText },
    ['password', 'ownerText'],
  ),
  plain({ command: fc.constant('set_owner' as const), ownerText }),
  plain({
    command: fc.constant('wipe' as const),
    scope: fc.constantFrom(0 as const, 1 as const),
    waitSeconds: fc.nat(wipeWaitSecondsMax),
  }),
  plain({ command: fc.constant('cancel_wipe' as const) }),
  plain({
    command: fc.constant('unknown' as const),
    name: text(64, 1).filter((name) => !isCommandName(name)),
    options: integerMap,
  }),
)
export const itCommand: fc.Arbitrary<ItCommand> = fc
  .tuple(plain({ number: uint, srpId, pin, issuedAt: uint }), order)
  .map(([addressed, one]) => ({ ...addressed, ...one }))

const book = record<Book>({
  cid: text(32, 1),
  uid: text(64, 1),
  dsid: text(64),
  name: text(64, 1),
  description: text(256),
  protected: fc.boolean(),
  configuration: integerMap,
})
export const bookSet = record<BookSet>({
  number: uint,
  servers: fc.array(srpId, { minLength: 1, maxLength: 8 }),
  books: fc.array(book, { minLength: 1, maxLength: 4 }),
})

const sid = bytes(16)
const syncRecord = record<SyncRecord>(
  {
    id: bytes(1, 64),
    operation: fc.constantFrom(0, 1),
    revision: uint,
    form: text(32),
    content: bytes(0, 64),
  },
  ['form', 'content'],
)
export const syncMessage: fc.Arbitrary<SyncMessage> = fc.oneof(
  plain({
    type: fc.constant('start' as const),
    sid,
    database: text(32),
    mode: uint,
    options: fc.record(
      { batchBytesMax: uint, batchRecordsMax: uint, anchor: bytes(0, 32) },
      { requiredKeys: [], noNullPrototype: true },
    ),
  }),
  plain({
    type: fc.constant('batch' as const),
    sid,
    index: uint,
    last: fc.boolean(),
    records: fc.array(syncRecord, { maxLength: 4 }),
    options: integerMap,
  }),
  plain({
    type: fc.constant('end' as const),
    sid,
    summary: fc.record(
      { sent: uint, setAside: uint, anchor: bytes(0, 32) },
      { requiredKeys: ['sent', 'setAside'], noNullPrototype: true },
    ),
  }),
  fc.record(
    { type: fc.constant('stop' as const), sid, code: uint, text: text(64) },
    { requiredKeys: ['type', 'sid', 'code'], noNullPrototype: true },
  ),
)

function present<T>(value: T | null): T {
  if (value === null) throw new Error('the arbitrary made a bad name')
  return value
}
