import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeFrame } from '#agent/inbound.ts'
import { InvariantError } from '#kernel/assert.ts'
import { Fault } from '#kernel/fault.ts'
import { encodeM3 } from '#protocol/exchange.ts'
import { encodePayload } from '#protocol/payload.ts'
import type { Deliver } from '#protocol/relay-frame.ts'
import * as e from '../activation/events.ts'
import { makeAgentWorld } from './agent-env.ts'

const mid = new Uint8Array(16).fill(9)
const m3 = encodeM3({ txn: e.txn, confirmP: new Uint8Array(32), box: new Uint8Array(64) })
const frame: Deliver = {
  type: 'deliver',
  mid,
  from: { kind: 'handheld', pin: e.pin },
  payload: encodePayload({ kind: 'm3', bytes: m3 }),
}

const portsTo = (acknowledged: Uint8Array[]) => ({
  nextSeq: () => assert.fail('nothing is sealed'),
  acknowledge: (one: Uint8Array) => void acknowledged.push(one),
  hinted: async () => {},
  receipt: async () => {},
  domainsAllowed: () => {},
})

test('a frame that meets a mistake of ours is acknowledged, so that it does not come for ever', async (t) => {
  const { env } = makeAgentWorld(t)
  const wrong = () => {
    throw new InvariantError('a mistake')
  }
  const broken = { ...env, clock: { ...env.clock, nowMs: wrong } }
  const acknowledged: Uint8Array[] = []
  await takeFrame(broken, portsTo(acknowledged), frame)
  assert.deepEqual(acknowledged, [mid])
})

test('a frame that the store could not keep is not acknowledged', async (t) => {
  const { env } = makeAgentWorld(t)
  const fails = () => {
    throw new Fault('store.unavailable')
  }
  const acknowledged: Uint8Array[] = []
  const taken = takeFrame({ ...env, clock: { ...env.clock, nowMs: fails } }, portsTo(acknowledged), frame)
  await assert.rejects(taken, { code: 'store.unavailable' })
  assert.deepEqual(acknowledged, [])
})
