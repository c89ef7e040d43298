/** The server double as a whole activation: says the same bytes to the same question, as often as it is asked. */
import assert from 'node:assert/strict'
import { encodeErrorMessage } from '#protocol/exchange.ts'
import { encodeItAdmin, encodeItPolicy } from '#protocol/it-admin.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import type { PayloadKind } from '#protocol/payload.ts'
import { encodeBookSet } from '#protocol/service-book.ts'
import { bookSet, policy } from './run-through.ts'
import { answerRequest, judgeProof, type Proved, type ServerScript, type Shared } from './server-double.ts'

export interface Message {
  readonly kind: PayloadKind
  readonly bytes: Uint8Array
}

export class ScriptedServer {
  readonly #script: ServerScript
  readonly #pin: string
  /** CMS around a policy; the content stands for itself where a test does without signatures. */
  readonly #sign: (content: Uint8Array) => Uint8Array
  readonly #said = new Map<string, readonly Message[]>()
  #shared: Shared | null = null
  #proved: Proved | null = null
  /** Statuses of the ACKs that came. */
  readonly statuses: number[] = []

  constructor(script: ServerScript, pin: string, sign = (content: Uint8Array) => content) {
    this.#script = script
    this.#pin = pin
    this.#sign = sign
  }

  /** The mail with the request was found. */
  mail(body: Uint8Array): readonly Message[] {
    return this.#once('mail', () => {
      this.#shared = answerRequest(this.#script, body, this.#pin)
      return [{ kind: 'm2', bytes: this.#shared.m2 }]
    })
  }

  message({ kind, bytes }: Message): readonly Message[] {
    if (kind === 'm3') return this.#once('m3', () => this.#judge(bytes))
    const channel = this.#proved?.channel
    assert(channel && kind === 'packet', `a ${kind} comes at the right time`)
    if (channel.isKeyCheck(bytes))
      return [
        ...this.#packet('check', () => channel.keyCheck()),
        ...this.#packet('policy', () => this.#policy(channel)),
      ]
    const { seq, status } = channel.ack(bytes)
    this.statuses.push(status)
    const books = () => channel.packet(contentTypes.serviceBook, encodeBookSet(bookSet()))
    return seq === 1 && status === 0 ? this.#packet('books', books) : []
  }

  #judge(m3: Uint8Array): readonly Message[] {
    assert(this.#shared)
    const proved = judgeProof(this.#script, this.#shared, m3)
    if (!proved.ok) {
      const wrong = encodeErrorMessage({ txn: this.#shared.txn, code: 10, triesLeft: 4 })
      return [{ kind: 'error', bytes: wrong }]
    }
    this.#proved = proved
    return [{ kind: 'm4', bytes: proved.m4 }]
  }

  #policy(channel: Proved['channel']): Uint8Array {
    const cms = this.#sign(encodeItPolicy(policy()))
    return channel.packet(contentTypes.itAdmin, encodeItAdmin({ type: 'policy', cms }))
  }

  #packet(name: string, make: () => Uint8Array): readonly Message[] {
    return this.#once(name, () => [{ kind: 'packet', bytes: make() }])
  }

  #once(name: string, make: () => readonly Message[]): readonly Message[] {
    const stored = this.#said.get(name) ?? make()
    this.#said.set(name, stored)
    return stored
  }
}
