import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pin, SrpId } from '#kernel/brand.ts'
import { type AdmittedFrame, makeAdmission } from '#relay/admission.ts'
import type { RelayStore, SendAsk } from '#store/relay.ts'
import { rows } from './send-rows.ts'

const [pin, srpId] = ['2100000A' as Pin, 'S00000001' as SrpId]
/** An admission whose store gives out ids from `nextId` on; what its receivers were told, in order. */
function start() {
  const told: string[] = []
  const at = { nextId: 1, fails: false }
  const store = {
    findSendRows: async (asks) => asks.map(() => rows()),
    putSends: async (writes) => {
      if (at.fails) throw new Error('the disk failed')
      return writes.map(() => at.nextId++)
    },
  } as Partial<RelayStore> as RelayStore
  const clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} }
  const admission = makeAdmission(
    { store, clock, failpoint: () => {} },
    {
      offer: ({ id, receiver, payload }: AdmittedFrame) => told.push(`${id} ${receiver} ${payload.length}`),
      lookAgain: () => told.push('look'),
    },
  )
  const send = async (fill: number): Promise<void> => {
    const mid = new Uint8Array(16).fill(fill)
    const ask: SendAsk = { sender: srpId, mid, pin, srpId, toDevice: true, txnPrefix: null }
    const payload = new Uint8Array(fill)
    const { status } = await admission.send(ask, {
      type: 'send',
      mid,
      to: { kind: 'handheld', pin },
      ttlSeconds: 60,
      payload,
    })
    told.push(`receipt ${status}`)
  }
  return { told, at, send, settled: () => admission.settled() }
}

test('receivers look once at first, and then are offered each frame after its receipt', async () => {
  const { told, send, settled } = start()
  await send(1)
  await settled()
  await Promise.all([send(2), send(3)])
  await settled()
  assert.deepEqual(told, ['receipt 0', 'look', 'receipt 0', 'receipt 0', '2 2100000A 2', '3 2100000A 3'])
})

test('receivers look again where another process has put frames between ours', async () => {
  const { told, at, send, settled } = start()
  for (const nextId of [1, 3, 4, 9]) {
    at.nextId = nextId
    await send(1)
    await settled()
  }
  assert.deepEqual(
    told.filter((one) => one !== 'receipt 0'),
    ['look', 'look', '4 2100000A 1', 'look'],
  )
})

test('receivers look again after a commit that failed: it may have reached the disk', async () => {
  const { told, at, send, settled } = start()
  await send(1)
  await settled()
  at.fails = true
  await assert.rejects(send(2), /disk/)
  await settled()
  at.fails = false
  assert.deepEqual(told, ['receipt 0', 'look', 'look'])
})
