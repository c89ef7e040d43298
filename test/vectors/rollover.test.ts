import { deepEqual, equal } from 'node:assert/strict'
import { it } from 'node:test'
import { nobleP256 } from '#crypto/p256-noble.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { directionKeys, sealPacketBody } from '#crypto/packet.ts'
import { nextMasterKey, rolloverHash, sharedSecret } from '#crypto/rollover.ts'
import { fromHex, toHex } from '#kernel/bytes.ts'
import { encodeOtaKeyGen } from '#protocol/otakeygen.ts'
import { cases, packetParts, wireOutput } from './mdap1.ts'

for (const [index, { input, output }] of cases.entries())
  for (const p256 of [nodeP256, nobleP256])
    it(`rolls the key of case ${index} over with ${p256 === nodeP256 ? 'node' : 'noble'}`, () => {
      const kid = input.number('kid2')
      const [shareA, shareB] = [p256.multiplyBase(input.hex('ra')), p256.multiplyBase(input.hex('rb'))]
      const offer = encodeOtaKeyGen({ type: 'roll_offer', kid, share: shareA })
      const answer = encodeOtaKeyGen({ type: 'roll_answer', kid, share: shareB })
      equal(toHex(offer), output.text('r1'))
      equal(toHex(answer), output.text('r2'))
      const shared = sharedSecret(p256, input.hex('ra'), shareB)
      deepEqual(shared, output.hex('rollSs'))
      deepEqual(sharedSecret(p256, input.hex('rb'), shareA), shared)
      const next = nextMasterKey({
        masterKey: output.hex('mk'),
        oldKid: input.number('kid'),
        newKid: kid,
        offer,
        answer,
        shared: shared ?? new Uint8Array(),
        kemSecret: new Uint8Array(),
      })
      equal(toHex(next), output.text('mk2'))
    })

it('checks the key that case 0 rolled over to, and lets go of the old one', () => {
  const [first] = cases
  if (!first) throw new Error('no case 0')
  const { input, output } = first
  const transcriptHash = rolloverHash(output.hex('r1'), output.hex('r2'))
  const check = encodeOtaKeyGen({ type: 'key_check', transcriptHash })
  equal(toHex(check), wireOutput.text('rollCheck'))
  const { header, body } = packetParts(wireOutput.hex('rollCheckPacket'))
  const { d2s } = directionKeys(output.hex('mk2'))
  equal(toHex(sealPacketBody(1, d2s, header, check)), toHex(body))
  equal(toHex(encodeOtaKeyGen({ type: 'roll_done', kid: input.number('kid') })), wireOutput.text('rollDone'))
})

it('takes no share that is not on the curve', () => {
  const scalar = fromHex('01'.repeat(32))
  for (const share of [new Uint8Array(65), new Uint8Array(64), fromHex(`04${'11'.repeat(64)}`)])
    equal(sharedSecret(nodeP256, scalar, share), null)
})
