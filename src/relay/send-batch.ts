/** Sends that are committed together: each is judged by the rows as its forerunners in the batch leave them. */
import { toHex } from '#kernel/bytes.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import type { Send } from '#protocol/relay-frame.ts'
import type { FenceRow, KnownMid, QueueRow, SendAsk, SendRows, SendWrite, TokenUse } from '#store/relay.ts'
import { decideSend, type SendDecision } from './store-forward.ts'

export interface BatchedSend {
  readonly ask: SendAsk
  readonly send: Send
  readonly rows: SendRows
}

/** One decision per send, in order. Pure. */
export function decideSends(sends: readonly BatchedSend[], nowMs: number): SendDecision[] {
  const changes = new Changes()
  return sends.map(({ ask, send, rows }) => {
    const present = changes.on(ask, rows)
    const decision = decideSend(ask, send, present, nowMs)
    if (decision.write) changes.note(decision.write, present)
    return decision
  })
}

/** What the batch has decided so far and the database does not show yet. */
class Changes {
  readonly #mids = new Map<string, KnownMid>()
  readonly #fences = new Map<string, FenceRow>()
  readonly #owners = new Set<string>()
  readonly #tokens = new Map<string, TokenUse>()
  readonly #queues = new Map<string, QueueRow>()

  on(ask: SendAsk, rows: SendRows): SendRows {
    const use = rows.token && this.#tokens.get(rows.token.txn)
    const token =
      rows.token && use
        ? { ...rows.token, framesUsed: use.framesUsedBefore + 1, owner: use.owner }
        : rows.token
    return {
      ...rows,
      known: this.#mids.get(midKey(ask)) ?? rows.known,
      fence: this.#fences.get(pairKey(ask)) ?? rows.fence,
      serverLists: rows.serverLists || this.#owners.has(pairKey(ask)),
      queue: this.#queues.get(queueKey(ask)) ?? rows.queue,
      token,
    }
  }

  note({ ask, contentHash, payload, fence, token }: SendWrite, rows: SendRows): void {
    const tokenPin = ask.txnPrefix ? ask.pin : null
    this.#mids.set(midKey(ask), { contentHash, status: receiptStatus.stored, tokenPin })
    if (fence) this.#fences.set(pairKey(ask), fence)
    if (token) this.#tokens.set(token.txn, token)
    if (token?.owner) this.#owners.add(pairKey(ask))
    const { frames, bytes } = rows.queue
    this.#queues.set(queueKey(ask), { frames: frames + 1, bytes: bytes + payload.length })
  }
}

const midKey = ({ sender, mid }: SendAsk): string => `${sender} ${toHex(mid)}`
const pairKey = ({ srpId, pin }: SendAsk): string => `${srpId} ${pin}`
const queueKey = ({ pin, toDevice }: SendAsk): string => `${pin} ${toDevice}`
