import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takePacket } from '#agent/inbound-packet.ts'
import { keyContext } from '#agent/packets.ts'
import { directionKeys, sealPacketBody } from '#crypto/packet.ts'
import { contentTypes, encodePacket, encodePacketHeader } from '#protocol/packet-frame.ts'
import { emptyReplayWindow, encodeReplayWindow, markReplay } from '#protocol/replay-window.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'

const kid = 7
const masterKey = new Uint8Array(32).fill(3)
const name = `key_check:${e.txn}`
const noSeq = () => assert.fail('nothing is sealed anew')

/** The handheld's key check, which the server has seen already. */
function keyCheck(): Uint8Array {
  const header = encodePacketHeader({
    kid,
    direction: 'd2s',
    seq: 0,
    salt: new Uint8Array(16),
    contentType: contentTypes.otakeygen,
    flags: 0,
  })
  const body = sealPacketBody(1, directionKeys(masterKey).d2s, header, new Uint8Array([1]))
  return encodePacket({ header, body })
}

/** Both key checks are through; of the handheld's numbers, `seen` have come. */
async function confirmed({ env }: AgentWorld, ...seen: number[]): Promise<void> {
  const window = encodeReplayWindow(seen.reduce(markReplay, emptyReplayWindow))
  const sealed = env.vault.seal(keyContext(e.pin, kid), masterKey)
  await env.store.activations.commit({
    nowMs: e.start,
    addKey: { pin: e.pin, kid, suite: 1, txn: e.txn, sealed, window, nextSeq: 1 },
    keyCurrent: { pin: e.pin, kid },
    addDeliveries: [
      {
        key: name,
        txn: e.txn,
        of: 'key_check',
        to: { pin: e.pin },
        payload: new Uint8Array([1]),
        until: 'answer',
        firstAtMs: e.start,
        endsAtMs: e.start + e.hour,
      },
    ],
  })
  const [delivery] = await env.store.deliveries.due(e.start, 1)
  assert(delivery)
  await env.store.deliveries.attempted(delivery.id, [new Uint8Array(16)], e.start, e.start + 15_000)
  await env.store.activations.commit({ nowMs: e.start, stopDeliveries: [name] })
}

const stateOf = async ({ env }: AgentWorld) => (await env.store.deliveries.byKey(name))?.state

test('a repeated key check is answered with the server’s, though never twice within a second', async (t) => {
  const world = makeAgentWorld(t)
  await confirmed(world, 0)
  world.nowMs = e.start + 999
  await takePacket(world.env, noSeq, e.pin, keyCheck())
  assert.equal(await stateOf(world), 'stopped')
  world.nowMs = e.start + 2_000
  await takePacket(world.env, noSeq, e.pin, keyCheck())
  assert.equal(await stateOf(world), 'running')
})

test('a handheld that has spoken under the key needs the server’s key check no more', async (t) => {
  const world = makeAgentWorld(t)
  await confirmed(world, 0, 1)
  world.nowMs = e.start + 60_000
  await takePacket(world.env, noSeq, e.pin, keyCheck())
  assert.equal(await stateOf(world), 'stopped')
})
