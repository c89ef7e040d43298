import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ActivationId, Pin, SrpId } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import type { Send, Source } from '#protocol/relay-frame.ts'
import { decideSends } from '#relay/send-batch.ts'
import { addressSend, decideSend, hashContent } from '#relay/store-forward.ts'
import type { SendAsk, SendRows, TokenRow } from '#store/relay.ts'
import { rows } from './send-rows.ts'

const pin = '2100000A' as Pin
const srpId = 'S00000001' as SrpId
const otherServer = 'S00000002' as SrpId
const txn = '4722fdfe059b2f6ec98cae59d1c34c14' as ActivationId
const nowMs = 1_800_000_000_000
const m2 = Uint8Array.of(0x82, 2, 0x41, 0)
const errorPayload = Uint8Array.of(0x82, 9, 0x41, 0)
const mid = (n: number) => new Uint8Array(16).fill(n)
const fence = { generation: 2, epoch: 17 }
const server = { kind: 'server', srpId } as const
const handheld = { kind: 'handheld', pin } as const
const token = new Uint8Array(44)
const txnPrefix = new Uint8Array(12).fill(0x47)
const openToken = () => ({ pin, txnPrefix })
const noToken = () => null

const toHandheld = (over: Partial<Send> = {}): Send => ({
  type: 'send',
  mid: mid(1),
  to: { kind: 'handheld', pin },
  ttlSeconds: 60,
  payload: m2,
  fence,
  ...over,
})
const toToken = (over: Partial<Send> = {}): Send => toHandheld({ to: { kind: 'token', token }, ...over })
const toServer: Send = { type: 'send', mid: mid(1), to: server, ttlSeconds: 60, payload: m2 }

const tokenRow = (over: Partial<TokenRow> = {}): TokenRow => ({
  txn,
  owner: null,
  framesUsed: 0,
  expiresAtMs: nowMs + 1,
  allowed: true,
  ...over,
})

function ask(sender: Source, send: Send): SendAsk {
  const addressed = addressSend(sender, send, openToken)
  assert.ok('ask' in addressed)
  return addressed.ask
}
const decide = (send: Send, over: Partial<SendRows> = {}, sender: Source = server) =>
  decideSend(ask(sender, send), send, rows(over), nowMs)

describe('what a frame shows by itself', () => {
  const statusOf = (
    sender: Source,
    send: Send,
    open: () => ReturnType<typeof openToken> | null = openToken,
  ) => {
    const addressed = addressSend(sender, send, open)
    return 'status' in addressed ? addressed.status : null
  }

  it('is malformed where a server sends without a fence, or a handheld with one', () => {
    const { fence: _, ...unfenced } = toHandheld()
    assert.equal(statusOf(server, unfenced), 7)
    assert.equal(statusOf(handheld, { ...toServer, fence }), 7)
    assert.equal(statusOf(handheld, toServer), null)
  })

  it('is malformed where handhelds write to handhelds or servers to servers', () => {
    assert.equal(statusOf(handheld, toHandheld()), 7)
    assert.equal(statusOf(handheld, toToken()), 7)
    assert.equal(statusOf(server, { ...toServer, fence }), 7)
  })

  it('is malformed beyond 65,000 bytes of payload or seven days to live', () => {
    assert.equal(statusOf(server, toHandheld({ payload: new Uint8Array(65_001) })), 7)
    assert.equal(statusOf(server, toHandheld({ payload: new Uint8Array(65_000) })), null)
    assert.equal(statusOf(server, toHandheld({ ttlSeconds: 604_801 })), 7)
    assert.equal(statusOf(server, toHandheld({ ttlSeconds: 604_800 })), null)
  })

  it('has a dead token where this relay did not make it', () => {
    assert.equal(statusOf(server, toToken(), noToken), 4)
  })
})

describe('who may send to whom', () => {
  it('lets frames through only while both list each other', () => {
    assert.equal(decide(toHandheld()).status, 0)
    assert.equal(decide(toHandheld(), { deviceLists: false }).status, 3)
    assert.equal(decide(toHandheld(), { serverLists: false }).status, 3)
    assert.equal(decide(toServer, { serverLists: false }, handheld).status, 3)
    assert.equal(decide(toServer, {}, handheld).status, 0)
  })

  it('refuses unknown and suspended names', () => {
    assert.equal(decide(toHandheld(), { namesGood: false }).status, 3)
    assert.equal(decide(toToken(), { namesGood: false, token: tokenRow() }).status, 3)
  })

  it('needs no list for a frame to an open token, and tells the PIN behind it', () => {
    const decision = decide(toToken(), { deviceLists: false, serverLists: false, token: tokenRow() })
    assert.deepEqual([decision.status, decision.tokenPin], [0, pin])
    assert.equal(decide(toHandheld()).tokenPin, null)
  })

  it('gives the token to the first M2, and to no error before it', () => {
    const byError = decide(toToken({ payload: errorPayload }), { token: tokenRow() })
    assert.equal(byError.write?.token?.owner, null)
    const byM2 = decide(toToken(), { token: tokenRow() })
    assert.equal(byM2.write?.token?.owner, srpId)
  })

  it('keeps other servers off an owned token, and its owner on it', () => {
    assert.equal(decide(toToken(), { token: tokenRow({ owner: otherServer }) }).status, 4)
    assert.equal(
      decide(toToken({ payload: errorPayload }), { token: tokenRow({ owner: otherServer }) }).status,
      4,
    )
    assert.equal(decide(toToken(), { token: tokenRow({ owner: srpId }) }).status, 0)
  })

  it('finds the token dead without its row, after its life, and after twenty frames', () => {
    assert.equal(decide(toToken()).status, 4)
    assert.equal(decide(toToken(), { token: tokenRow({ expiresAtMs: nowMs }) }).status, 4)
    assert.equal(decide(toToken(), { token: tokenRow({ framesUsed: 20 }) }).status, 4)
    assert.equal(decide(toToken(), { token: tokenRow({ framesUsed: 19 }) }).status, 0)
  })

  it('does not permit a token of a mail domain that is other servers’', () => {
    assert.equal(decide(toToken(), { token: tokenRow({ allowed: false }) }).status, 3)
  })
})

describe('fences', () => {
  it('refuses an older lease and stores a newer one, compared as a pair', () => {
    const fenced = (stored: { generation: number; epoch: number }) => decide(toHandheld(), { fence: stored })
    assert.equal(fenced({ generation: 2, epoch: 18 }).status, 5)
    assert.equal(fenced({ generation: 3, epoch: 0 }).status, 5)
    assert.deepEqual(fenced({ generation: 1, epoch: 900 }).write?.fence, fence)
    assert.deepEqual(fenced({ generation: 2, epoch: 16 }).write?.fence, fence)
    const same = fenced({ generation: 2, epoch: 17 })
    assert.deepEqual([same.status, same.write?.fence], [0, null])
  })

  it('tells a stale machine to stop even where it is not listed any more', () => {
    const stale = { fence: { generation: 3, epoch: 1 }, serverLists: false }
    assert.equal(decide(toHandheld(), stale).status, 5)
  })
})

describe('queues', () => {
  it('are full at 500 frames or 5 MiB, and say so with the PIN behind a token', () => {
    const fullOf = (frames: number, bytes: number) =>
      decide(toHandheld(), { queue: { frames, bytes } }).status
    assert.equal(fullOf(limits.queueFramesPerPinMax, 0), 2)
    assert.equal(fullOf(limits.queueFramesPerPinMax - 1, 0), 0)
    assert.equal(fullOf(1, limits.queueBytesPerPinMax - m2.length + 1), 2)
    assert.equal(fullOf(1, limits.queueBytesPerPinMax - m2.length), 0)
    const byToken = decide(toToken(), { token: tokenRow(), queue: { frames: 500, bytes: 0 } })
    assert.deepEqual([byToken.status, byToken.tokenPin], [2, pin])
  })
})

describe('a mid that is known', () => {
  const known = (status: number, send: Send, tokenPin: Pin | null = null) => ({
    known: { contentHash: hashContent(send), status, tokenPin },
  })

  it('is a question: it gets the present status and stores nothing', () => {
    for (const status of [0, 1, 3, 6]) {
      const decision = decide(toHandheld(), known(status, toHandheld()))
      assert.deepEqual([decision.status, decision.write], [status, null])
    }
  })

  it('is answered with the PIN behind a token while stored or delivered', () => {
    assert.equal(decide(toToken(), known(0, toToken(), pin)).tokenPin, pin)
    assert.equal(decide(toToken(), known(1, toToken(), pin)).tokenPin, pin)
    assert.equal(decide(toToken(), known(6, toToken(), pin)).tokenPin, null)
  })

  it('is malformed with other content or another destination', () => {
    assert.equal(decide(toHandheld({ payload: errorPayload }), known(0, toHandheld())).status, 7)
    assert.equal(decide(toToken(), known(0, toHandheld())).status, 7)
  })

  it('may be asked about under another lease or with less time left', () => {
    const later = toHandheld({ ttlSeconds: 5, fence: { generation: 2, epoch: 18 } })
    assert.equal(decide(later, known(0, toHandheld())).status, 0)
    const stale = { ...known(0, toHandheld()), fence: { generation: 9, epoch: 0 } }
    assert.equal(decide(toHandheld(), stale).status, 0)
  })
})

describe('sends of one batch', () => {
  const batch = (sends: Send[], over: Partial<SendRows> = {}, senders: Source[] = []) =>
    decideSends(
      sends.map((send, i) => ({ ask: ask(senders[i] ?? server, send), send, rows: rows(over) })),
      nowMs,
    ).map(({ status }) => status)

  it('see each other’s mids, queue and fence', () => {
    const [a, b] = [toHandheld(), toHandheld({ mid: mid(2) })]
    const decisions = decideSends(
      [a, a, { ...a, payload: errorPayload }, b].map((send) => ({
        ask: ask(server, send),
        send,
        rows: rows({ queue: { frames: 499, bytes: 0 } }),
      })),
      nowMs,
    )
    assert.deepEqual(
      decisions.map(({ status, write }) => [status, write !== null]),
      [
        [0, true],
        [0, false],
        [7, false],
        [2, false],
      ],
    )
    assert.deepEqual(
      batch([
        toHandheld({ fence: { generation: 2, epoch: 18 } }),
        toHandheld({ mid: mid(2), fence: { generation: 2, epoch: 17 } }),
      ]),
      [0, 5],
    )
  })

  it('see who owns the token now, and that its owner counts as listing the PIN', () => {
    const other: Source = { kind: 'server', srpId: otherServer }
    const second = { ...toToken(), mid: mid(2) }
    assert.deepEqual(batch([toToken(), second], { token: tokenRow() }, [server, other]), [0, 4])
    const answer = { ...toServer, mid: mid(3) }
    const unlisted = { token: tokenRow(), serverLists: false }
    assert.deepEqual(batch([toToken(), answer], unlisted, [server, handheld]), [0, 0])
    assert.deepEqual(batch([answer], { serverLists: false }, [handheld]), [3])
  })

  it('use up a token’s frames', () => {
    const sends = Array.from({ length: 3 }, (_, i) => toToken({ mid: mid(i + 1) }))
    assert.deepEqual(batch(sends, { token: tokenRow({ framesUsed: 18 }) }), [0, 0, 4])
  })
})
