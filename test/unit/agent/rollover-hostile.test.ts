/** Messages of a rollover that nobody should send, or that come when they should not. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { takePacket } from '#agent/inbound-packet.ts'
import { makeNumbers } from '#agent/numbers.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { randomScalar } from '#crypto/p256-scalar.ts'
import { directionKeys, sealPacketBody } from '#crypto/packet.ts'
import { systemRandom } from '#edge/system.ts'
import { encodeOtaKeyGen, type OtaKeyGen } from '#protocol/otakeygen.ts'
import { contentTypes, encodePacket, encodePacketHeader } from '#protocol/packet-frame.ts'
import { decodeReplayWindow } from '#protocol/replay-window.ts'
import * as e from '../activation/events.ts'
import { firstKid, Pair } from './rolling-pair.ts'

const firstKey = new Uint8Array(32).fill(3)

interface Under {
  readonly kid: number
  readonly masterKey: Uint8Array
}

const first: Under = { kid: firstKid, masterKey: firstKey }

/** A packet of either side, sealed by whoever has the key. */
function packet(from: 'd2s' | 's2d', { kid, masterKey }: Under, seq: number, message: OtaKeyGen): Uint8Array {
  const header = encodePacketHeader({
    ...{ kid, direction: from, seq, salt: systemRandom.bytes(16) },
    ...{ contentType: contentTypes.otakeygen, flags: 0 },
  })
  const body = sealPacketBody(1, directionKeys(masterKey)[from], header, encodeOtaKeyGen(message))
  return encodePacket({ header, body })
}

const share = (): Uint8Array => nodeP256.multiplyBase(randomScalar(systemRandom))
const offer = (kid: number, point = share()): OtaKeyGen => ({ type: 'roll_offer', kid, share: point })

async function begun(t: TestContext, seed: string): Promise<Pair> {
  const pair = new Pair(t, seed)
  await pair.begin()
  return pair
}

/** The server takes it in, as from the handheld. */
const toServer = (pair: Pair, bytes: Uint8Array): Promise<void> =>
  takePacket(pair.env, makeNumbers(pair.env.store).seq, e.pin, bytes)

const phase = async ({ env }: Pair) => {
  const rollover = await env.store.rollovers.of(e.pin)
  return rollover && `${rollover.phase} ${rollover.newKid}`
}

const isMarked = async ({ env }: Pair, seq: number): Promise<boolean> => {
  const key = await env.store.handhelds.key(e.pin, firstKid)
  const window = key && decodeReplayWindow(key.window)
  return window?.ok === true && window.value.next > seq
}

test('an offer with a share that is no point, or a key id that is held, is marked and changes nothing', async (t) => {
  const pair = await begun(t, 'bad offers')
  await toServer(pair, packet('d2s', first, 20, offer(900, new Uint8Array(65))))
  await toServer(pair, packet('d2s', first, 21, offer(firstKid)))
  const kem = { ...offer(900), kemEncapsulationKey: new Uint8Array(1184).fill(0xff) } as OtaKeyGen
  await toServer(pair, packet('d2s', first, 22, kem))
  assert.equal(await phase(pair), null)
  assert(await isMarked(pair, 22))
  for (const [i, bad] of [offer(901, new Uint8Array(65)), offer(firstKid), kem].entries())
    pair.handheld.deliver('packet', packet('s2d', first, 20 + i, bad))
  assert.equal(pair.handheld.state.account?.keys.rollover, null)
  assert.equal((await pair.env.store.handhelds.keys(e.pin)).length, 1)
})

test('the same key id with another share ends the rollover, the current key stays, and the id is spent', async (t) => {
  const pair = await begun(t, 'another share')
  await toServer(pair, packet('d2s', first, 20, offer(900)))
  assert.equal(await phase(pair), 'answered 900')
  await toServer(pair, packet('d2s', first, 21, offer(900)))
  assert.equal(await phase(pair), 'given_up 900')
  await toServer(pair, packet('d2s', first, 22, offer(900)))
  assert.equal(await phase(pair), 'given_up 900')
  pair.handheld.deliver('packet', packet('s2d', first, 20, offer(901)))
  assert.equal(pair.handheld.state.account?.keys.rollover?.stage, 'answered')
  pair.handheld.deliver('packet', packet('s2d', first, 21, offer(901)))
  assert.equal(pair.handheld.state.account?.keys.rollover, null)
  assert.deepEqual(pair.handheld.state.account?.keys.spent, [901])
  pair.handheld.deliver('packet', packet('s2d', first, 22, offer(901)))
  assert.equal(pair.handheld.state.account?.keys.rollover, null)
  assert.deepEqual((await pair.keys()).server, [`current ${firstKid}`])
})

test('an offer is answered with the same bytes, in whatever packet it comes again', async (t) => {
  const pair = await begun(t, 'same again')
  const message = offer(900)
  await toServer(pair, packet('d2s', first, 20, message))
  const answer = (await pair.env.store.rollovers.of(e.pin))?.answerPayload
  await toServer(pair, packet('d2s', first, 21, message))
  const delivery = await pair.env.store.deliveries.byKey(`rollover:${e.pin}:900:answer`)
  assert.deepEqual(delivery?.payload, answer)
  assert.equal((await pair.env.store.rollovers.of(e.pin))?.version, 1)
})

test('of two offers the one with the higher number counts, whichever comes last', async (t) => {
  const pair = await begun(t, 'older offer')
  await toServer(pair, packet('d2s', first, 30, offer(900)))
  await toServer(pair, packet('d2s', first, 29, offer(899)))
  assert.equal(await phase(pair), 'answered 900')
  await toServer(pair, packet('d2s', first, 31, offer(901)))
  assert.equal(await phase(pair), 'answered 901')
  assert.deepEqual((await pair.keys()).server, [`current ${firstKid}`, 'pending 901'])
})

test('a key check that does not fit is dropped unmarked, and the good one still counts', async (t) => {
  const pair = await begun(t, 'other hash')
  pair.fate = (from) => (from === 'handheld' ? 'lost' : 'through')
  await pair.want()
  await pair.settle()
  pair.fate = () => 'through'
  await pair.pass(16_000, 4_000)
  await pair.agreed()
  const other = await begun(t, 'other hash at the server')
  other.handheld.raise({ kind: 'roll' })
  other.fate = (from) => (from === 'server' ? 'lost' : 'through')
  await other.settle()
  const rows = await other.env.store.handhelds.keys(e.pin)
  const pending = rows.find(({ state }) => state === 'pending')
  assert(pending)
  const masterKey = other.env.vault.open(`master_key/${e.pin}/${pending.kid}`, pending.sealed)
  assert(masterKey)
  const wrong: OtaKeyGen = { type: 'key_check', transcriptHash: new Uint8Array(32) }
  await toServer(other, packet('d2s', { kid: pending.kid, masterKey }, 0, wrong))
  assert.equal((await other.env.store.rollovers.of(e.pin))?.phase, 'answered')
  other.fate = () => 'through'
  await other.pass(60_000, 5_000)
  await other.agreed()
})

test('what comes late under a key that was rolled over is dropped without error 19, and an unknown key is told', async (t) => {
  const pair = await begun(t, 'late')
  await pair.want()
  await pair.settle()
  await pair.agreed()
  await toServer(pair, packet('d2s', first, 40, offer(900)))
  const told = async () => (await pair.env.store.deliveries.due(pair.nowMs, 9)).map(({ of }) => of)
  assert.deepEqual(await told(), [])
  await toServer(pair, packet('d2s', { ...first, kid: 12_345 }, 40, offer(900)))
  assert.deepEqual(await told(), ['error'])
})

test('an offer under the previous key means nothing', async (t) => {
  const pair = await begun(t, 'previous')
  let count = 0
  pair.fate = () => {
    count += 1
    return count > 4 ? 'lost' : 'through'
  }
  await pair.want()
  await pair.settle()
  assert.match(String(await phase(pair)), /^switched/)
  const before = await phase(pair)
  await toServer(pair, packet('d2s', first, 40, offer(900)))
  assert.equal(await phase(pair), before)
  pair.handheld.deliver('packet', packet('s2d', first, 40, offer(901)))
  assert.equal(pair.handheld.state.account?.keys.rollover?.stage, 'closing')
})

test('thief of an MK who only listens: the next rollover shuts him out', async (t) => {
  const pair = await begun(t, 'listener')
  await pair.want()
  await pair.settle()
  const kid = await pair.agreed()
  const rollover = await pair.env.store.rollovers.of(e.pin)
  const now = pair.handheld.state.account?.link
  assert(rollover?.answer && now?.kid === kid)
  const { nextMasterKey } = await import('#crypto/rollover.ts')
  // He has the old key and both messages; the point that was agreed on is neither of the shares.
  const { offer: r1, answer: r2 } = rollover
  const parts = { masterKey: firstKey, oldKid: firstKid, newKid: kid, offer: r1, answer: r2 }
  for (const shared of [r1.slice(-64, -32), r2.slice(-64, -32), new Uint8Array(32)])
    assert.notDeepEqual(nextMasterKey({ ...parts, shared, kemSecret: new Uint8Array() }), now.masterKey)
})

test('thief of a handheld: nothing on its disk opens what was sealed under an earlier key', async (t) => {
  const pair = await begun(t, 'thief')
  pair.handheld.raise({ kind: 'roll' })
  const scalar = pair.handheld.state.account?.keys.rollover
  assert(scalar?.stage === 'offered')
  const { encodeSaved } = await import('#handheld/state-codec.ts')
  const onDisk = () => encodeSaved({ seed: new Uint8Array(32), state: pair.handheld.disk })
  const secrets = [firstKey, scalar.scalar].map((bytes) => Buffer.from(bytes).toString('base64'))
  assert(secrets.every((secret) => onDisk().includes(secret)))
  await pair.settle()
  await pair.agreed()
  assert(secrets.every((secret) => !onDisk().includes(secret)))
})
