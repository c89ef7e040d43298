/** ML-KEM-768 at the handheld: offered, demanded, left out, and tampered with on the way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directionKeys, openPacketBody } from '#crypto/packet.ts'
import { decodeEtpBody, encodeEtpBody } from '#protocol/etp.ts'
import { decodeM2, encodeM2 } from '#protocol/exchange.ts'
import { decodePacket } from '#protocol/packet-frame.ts'
import { toComplete, toWaiting } from './run-through.ts'
import { answerRequest, judgeProof } from './server-double.ts'
import { known, pin, script, typed, World } from './world.ts'

const hybrid = script({ kem: true })
const wish = (postQuantum: 'off' | 'optional' | 'required') => typed({ postQuantum })

function proofOf(world: World): Uint8Array {
  return world.message('m3').bytes
}

test('a handheld that offers it has a key that it has a part in, and one whose server does not speak it has none', () => {
  for (const postQuantum of ['optional', 'required'] as const) {
    const world = new World()
    toComplete(world, hybrid, wish(postQuantum))
    assert.equal(world.state.account?.link.hybrid, true)
  }
  const world = new World()
  toComplete(world, script(), wish('optional'))
  assert.equal(world.state.account?.link.hybrid, false)
})

test('a handheld that does not want it offers none, and takes no M2 that answers one', () => {
  const world = new World()
  const bytes = toWaiting(world, wish('off'))
  const body = decodeEtpBody(bytes)
  assert(body.ok && body.value.kemKey === undefined)
  const shared = answerRequest(hybrid, bytes, pin, { kemCiphertext: new Uint8Array(1088) })
  world.deliver('m2', shared.m2)
  assert.equal(world.stage(), 'waiting')
})

test('a handheld that demands it takes no M2 without, and waits for a better one', () => {
  const world = new World()
  const body = toWaiting(world, wish('required'))
  world.deliver('m2', answerRequest(script(), body, pin).m2)
  assert.equal(world.stage(), 'waiting')
  world.deliver('m2', answerRequest(hybrid, body, pin).m2)
  assert.equal(world.stage(), 'proving')
})

test('downgrader: a ciphertext taken out of M2, or changed on its way, makes the proof fail', () => {
  const edits = [undefined, (ct: Uint8Array) => ct.map((byte, i) => (i === 9 ? byte ^ 1 : byte))]
  for (const edit of edits) {
    const world = new World()
    const shared = answerRequest(hybrid, toWaiting(world, wish('optional')), pin)
    const m2 = decodeM2(shared.m2)
    assert(m2.ok)
    const { kemCiphertext, ...rest } = m2.value
    world.deliver('m2', encodeM2(edit ? { ...rest, kemCiphertext: edit(known(kemCiphertext)) } : rest))
    assert.equal(world.stage(), 'proving')
    assert.equal(judgeProof(hybrid, shared, proofOf(world)).ok, false)
  }
})

test('downgrader: a key taken out of the mailed request makes the proof fail', () => {
  const world = new World()
  const decoded = decodeEtpBody(toWaiting(world, wish('optional')))
  assert(decoded.ok)
  const { kemKey: _taken, ...rest } = decoded.value
  const shared = answerRequest(hybrid, encodeEtpBody(rest), pin)
  world.deliver('m2', shared.m2)
  assert.equal(judgeProof(hybrid, shared, proofOf(world)).ok, false)
})

test('the same, recording for a quantum computer: with all but ML-KEM’s secret he has another master key', () => {
  const world = new World()
  const shared = answerRequest(hybrid, toWaiting(world, wish('optional')), pin)
  world.deliver('m2', shared.m2)
  const m3 = proofOf(world)
  const honest = judgeProof(hybrid, shared, m3)
  assert.equal(honest.ok, true)
  // He has solved every discrete logarithm and knows the password: all that the server knows, but for one value.
  const recorded = judgeProof(hybrid, { ...shared, kemSecret: new Uint8Array() }, m3)
  assert.equal(recorded.info, null)
  world.deliver('m4', honest.m4)
  const check = decodePacket(world.message('key_check').bytes)
  assert(check.ok && world.state.run?.stage === 'confirming')
  const { masterKey } = world.state.run.link
  const keyCheck = (key: Uint8Array) =>
    openPacketBody(1, directionKeys(key).d2s, check.value.header, check.value.body)
  assert(keyCheck(masterKey))
  assert.equal(keyCheck(recorded.channel.masterKey), null)
})
