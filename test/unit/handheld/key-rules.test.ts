/** The rules on keys: each value changes what the handheld does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeEtpBody } from '#protocol/etp.ts'
import type { RuleValue } from '#protocol/it-admin.ts'
import { applyPolicy, policy, toComplete } from './run-through.ts'
import { typed, World } from './world.ts'

const day = 86_400_000

function ruled(rules: Readonly<Record<string, RuleValue>>): World {
  const world = new World()
  const stage = toComplete(world)
  applyPolicy(world, stage, policy({ number: 10, rules: new Map(Object.entries(rules)) }))
  world.sends()
  return world
}

const offers = (world: World): number => world.sends().filter(({ what }) => what === 'rollover').length

test('key_life_days: the key is rolled over when it is so old, within twelve hours', () => {
  for (const [days, rules] of [
    [30, {}],
    [30, { key_life_days: 30 }],
    [7, { key_life_days: 7 }],
    [1, { key_life_days: 1 }],
  ] as const) {
    const world = ruled(rules)
    world.pass((days - 0.51) * day)
    assert.equal(offers(world), 0, `${days} days`)
    world.pass(1.02 * day)
    assert(offers(world) > 0, `${days} days`)
  }
})

test('post_quantum_required: the next request offers ML-KEM and takes no answer without it', () => {
  for (const demanded of [true, false]) {
    const world = ruled({ post_quantum_required: demanded })
    world.raise(typed({ postQuantum: 'off' }))
    world.login()
    assert(world.state.run?.stage === 'mailing')
    const body = decodeEtpBody(world.request())
    assert(body.ok)
    assert.equal(body.value.kemKey !== undefined, demanded)
    assert.equal(world.state.run.needsKem, demanded)
  }
})
