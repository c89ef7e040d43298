/**
 * Who may send to whom, and what the sender is told (docs/protocol.md, "Relay"). Pure: a frame and the rows it
 * touches give one status and, where it is accepted, the write that makes it so.
 */
import { sha256 } from '#crypto/hash.ts'
import type { Route } from '#crypto/route-token.ts'
import type { Pin, SrpId } from '#kernel/brand.ts'
import { lengthValue, sameBytes, utf8 } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import { payloadKind } from '#protocol/payload.ts'
import { type ReceiptStatus, receiptStatus } from '#protocol/receipt.ts'
import type { Destination, Fence, Send, Source } from '#protocol/relay-frame.ts'
import type { FenceRow, KnownMid, SendAsk, SendRows, SendWrite, TokenRow, TokenUse } from '#store/relay.ts'

/** Whom a send is between, or the status that answers it before any row is read. */
export type Addressed = { readonly ask: SendAsk } | { readonly status: ReceiptStatus }

export interface SendDecision {
  /** A number on the wire; of a mid asked about again, its present status. */
  readonly status: number
  /** Who stands behind the token, where the sender is told. */
  readonly tokenPin: Pin | null
  readonly write: SendWrite | null
}

/** Judges what the frame shows by itself. `openToken` is null for tokens this relay did not make. */
export function addressSend(
  sender: Source,
  send: Send,
  openToken: (token: Uint8Array) => Route | null,
): Addressed {
  if (send.payload.length > limits.framePayloadBytesMax) return { status: receiptStatus.malformed }
  if (send.ttlSeconds > limits.sendTtlSecondsMax) return { status: receiptStatus.malformed }
  return sender.kind === 'handheld'
    ? fromHandheld(sender.pin, send)
    : fromServer(sender.srpId, send, openToken)
}

function fromHandheld(pin: Pin, { mid, to, fence }: Send): Addressed {
  if (to.kind !== 'server' || fence) return { status: receiptStatus.malformed }
  return { ask: { sender: pin, mid, pin, srpId: to.srpId, toDevice: false, txnPrefix: null } }
}

function fromServer(
  srpId: SrpId,
  { mid, to, fence }: Send,
  openToken: (token: Uint8Array) => Route | null,
): Addressed {
  if (to.kind === 'server' || !fence) return { status: receiptStatus.malformed }
  const common = { sender: srpId, mid, srpId, toDevice: true }
  if (to.kind === 'handheld') return { ask: { ...common, pin: to.pin, txnPrefix: null } }
  const route = openToken(to.token)
  return route
    ? { ask: { ...common, pin: route.pin, txnPrefix: route.txnPrefix } }
    : { status: receiptStatus.tokenDead }
}

/**
 * Decides one send. A mid that is remembered is a question, whatever has changed since; only then come the
 * lease (a stale machine must learn to stop before anything else), the lists or the token, and the queue.
 */
export function decideSend(ask: SendAsk, send: Send, rows: SendRows, nowMs: number): SendDecision {
  const contentHash = hashContent(send)
  if (rows.known) return answerQuestion(rows.known, contentHash)
  const refusal = refuse(ask, send, rows, nowMs)
  const tokenPin = ask.txnPrefix ? ask.pin : null
  if (refusal !== null)
    return { status: refusal, tokenPin: refusal === receiptStatus.queueFull ? tokenPin : null, write: null }
  const write: SendWrite = {
    ask,
    receiver: ask.toDevice ? ask.pin : ask.srpId,
    contentHash,
    payload: send.payload,
    fence: raisedFence(send.fence, rows.fence),
    token: rows.token && ask.txnPrefix ? useToken(rows.token, ask.srpId, send.payload) : null,
    expiresAtMs: nowMs + send.ttlSeconds * 1000,
    rememberUntilMs: nowMs + limits.midMemorySeconds * 1000,
  }
  return { status: receiptStatus.stored, tokenPin, write }
}

/** Destination and payload: another lease or rest of life does not make other content of a repeated send. */
export const hashContent = ({ to, payload }: Pick<Send, 'to' | 'payload'>): Uint8Array =>
  sha256(lengthValue(destinationBytes(to)), payload)

function destinationBytes(to: Destination): Uint8Array {
  if (to.kind === 'token') return to.token
  return utf8(to.kind === 'handheld' ? to.pin : to.srpId)
}

function answerQuestion(known: KnownMid, contentHash: Uint8Array): SendDecision {
  if (!sameBytes(known.contentHash, contentHash))
    return { status: receiptStatus.malformed, tokenPin: null, write: null }
  const told = known.status === receiptStatus.stored || known.status === receiptStatus.delivered
  return { status: known.status, tokenPin: told ? known.tokenPin : null, write: null }
}

function refuse(ask: SendAsk, send: Send, rows: SendRows, nowMs: number): ReceiptStatus | null {
  if (send.fence && rows.fence && isOlder(send.fence, rows.fence)) return receiptStatus.fenced
  return refuseRoute(ask, rows, nowMs) ?? refuseQueue(send, rows)
}

function refuseRoute(ask: SendAsk, rows: SendRows, nowMs: number): ReceiptStatus | null {
  if (ask.txnPrefix) return refuseToken(ask.srpId, rows, nowMs)
  const listed = rows.deviceLists && rows.serverLists
  return rows.namesGood && listed ? null : receiptStatus.notListed
}

function refuseToken(srpId: SrpId, { token, namesGood }: SendRows, nowMs: number): ReceiptStatus | null {
  if (!token || token.expiresAtMs <= nowMs) return receiptStatus.tokenDead
  if (!namesGood || !token.allowed) return receiptStatus.notListed
  const taken = token.owner !== null && token.owner !== srpId
  return taken || token.framesUsed >= limits.tokenFramesMax ? receiptStatus.tokenDead : null
}

function refuseQueue({ payload }: Send, { queue }: SendRows): ReceiptStatus | null {
  const full =
    queue.frames >= limits.queueFramesPerPinMax || queue.bytes + payload.length > limits.queueBytesPerPinMax
  return full ? receiptStatus.queueFull : null
}

/** The first M2 owns the token; an error owns nothing. */
function useToken(token: TokenRow, srpId: SrpId, payload: Uint8Array): TokenUse {
  return {
    txn: token.txn,
    framesUsedBefore: token.framesUsed,
    ownerBefore: token.owner,
    owner: token.owner ?? (payloadKind(payload) === 'm2' ? srpId : null),
  }
}

/** The fence to store, or null where the stored one is the same already. */
function raisedFence(fence: Fence | undefined, stored: FenceRow | null): FenceRow | null {
  if (!fence) return null
  const same = stored && stored.generation === fence.generation && stored.epoch === fence.epoch
  return same ? null : { generation: fence.generation, epoch: fence.epoch }
}

const isOlder = (fence: Fence, than: FenceRow): boolean =>
  fence.generation < than.generation || (fence.generation === than.generation && fence.epoch < than.epoch)
