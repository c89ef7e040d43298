import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePin, parseSrpId } from '#kernel/brand.ts'
import { ackStatus, decodeNamesLeftOut } from '#protocol/ack.ts'
import { encodeItAdmin, type ItPolicy, type RuleValue } from '#protocol/it-admin.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { policy, policyPacket, type Stage, toComplete, toProvisioning, verified } from './run-through.ts'
import { known, pin, World } from './world.ts'

const rules = (entries: Readonly<Record<string, RuleValue>>): ItPolicy['rules'] =>
  new Map(Object.entries(entries))

function judged(world: World, stage: Stage, value: ItPolicy, signatureHolds = true) {
  world.sends()
  world.deliver('packet', policyPacket(stage.channel, value))
  verified(world, signatureHolds)
  return stage.channel.ack(world.message('ack').bytes)
}

test('an applied policy is acknowledged with 0 and kept with its number', () => {
  const world = new World()
  const stage = toProvisioning(world)
  assert.equal(judged(world, stage, policy()).status, ackStatus.applied)
  assert.equal(known(known(world.disk.account).policy).number, 5)
  assert.equal(world.stage(), 'provisioning')
})

const refusals: readonly [string, Partial<ItPolicy>, boolean, number][] = [
  ['whose signature does not hold', {}, false, ackStatus.refusedSignature],
  ['of another server', { srpId: known(parseSrpId('S00000002')) }, true, ackStatus.refusedAddressee],
  ['for another handheld', { pin: known(parsePin('FFFFFFFF')) }, true, ackStatus.refusedAddressee],
  [
    'with a known rule of the wrong type',
    { rules: rules({ allow_browser: 1 }) },
    true,
    ackStatus.refusedForm,
  ],
]
for (const [name, change, holds, status] of refusals)
  test(`a policy ${name} is refused with status ${status}, E31 is shown, and the activation waits`, () => {
    const world = new World()
    const stage = toProvisioning(world)
    assert.equal(judged(world, stage, policy(change), holds).status, status)
    assert.deepEqual(world.codes(), [31])
    assert.deepEqual([world.disk.refusal?.what, world.disk.refusal?.status], ['policy', status])
    assert.equal(world.stage(), 'provisioning')
    assert.equal(known(world.state.account).policyConfirmed, false)
    assert.equal(judged(world, stage, policy({ number: 6 })).status, ackStatus.applied)
    assert.equal(world.state.screen, 'Encryption Verified. Waiting for Services.')
    assert.equal(world.state.refusal, null)
  })

test('signed content that is no policy is refused as a fault of form', () => {
  const world = new World()
  const stage = toProvisioning(world)
  world.sends()
  const content = encodeItAdmin({ type: 'policy', cms: Uint8Array.of(0xa1, 1, 1) })
  world.deliver('packet', stage.channel.packet(contentTypes.itAdmin, content))
  verified(world)
  assert.equal(stage.channel.ack(world.message('ack').bytes).status, ackStatus.refusedForm)
})

test('the first check that fails decides: signature, form, addressee, number', () => {
  const world = new World()
  const stage = toProvisioning(world)
  judged(world, stage, policy({ number: 10 }))
  const bad = { rules: rules({ allow_browser: 'no' }), pin: known(parsePin('FFFFFFFF')), number: 1 }
  assert.equal(judged(world, stage, policy(bad), false).status, ackStatus.refusedSignature)
  assert.equal(judged(world, stage, policy(bad)).status, ackStatus.refusedForm)
  assert.equal(judged(world, stage, policy({ ...bad, rules: new Map() })).status, ackStatus.refusedAddressee)
  assert.equal(judged(world, stage, policy({ number: 1 })).status, ackStatus.refusedNumber)
})

test('a policy for this PIN is applied', () => {
  const world = new World()
  assert.equal(judged(world, toProvisioning(world), policy({ pin })).status, ackStatus.applied)
})

test('replayer of policies and commands: a lower number of a policy, and an equal one with other content, are refused; an equal one with the same content is not', () => {
  const world = new World()
  const stage = toComplete(world)
  assert.equal(judged(world, stage, policy({ number: 4 })).status, ackStatus.refusedNumber)
  assert.deepEqual(world.codes(), [31])
  assert.equal(judged(world, stage, policy({ policyId: 'other' })).status, ackStatus.refusedNumber)
  assert.equal(judged(world, stage, policy()).status, ackStatus.applied)
  assert.equal(judged(world, stage, policy({ number: 2 ** 32 + 1 })).status, ackStatus.applied)
})

test('rules that are unknown or impossible are left out, named, and named again when the same policy comes again', () => {
  const world = new World()
  const stage = toProvisioning(world)
  const value = policy({
    rules: rules({
      allow_browser: false,
      brew_coffee: true,
      password_min_length: 33,
      owner_text: 'é'.repeat(65),
    }),
  })
  for (let round = 0; round < 2; round += 1) {
    const { status, detail } = judged(world, stage, value)
    assert.equal(status, ackStatus.appliedInPart)
    assert.deepEqual(decodeNamesLeftOut(known(detail)), {
      ok: true,
      value: ['owner_text', 'brew_coffee', 'password_min_length'],
    })
  }
  assert.equal(known(world.state.account).policyConfirmed, true)
})

test('a policy that is being verified when the process dies is verified again', () => {
  const world = new World()
  const stage = toProvisioning(world)
  world.deliver('packet', policyPacket(stage.channel))
  world.crash()
  world.login()
  world.sends()
  verified(world)
  assert.equal(stage.channel.ack(world.message('ack').bytes).status, ackStatus.applied)
})

test('a result for a packet nobody holds changes nothing', () => {
  const world = new World()
  toComplete(world)
  const before = world.state
  world.raise({ kind: 'policy_verified', id: 'unknown', content: null })
  assert.deepEqual(world.state, before)
})
