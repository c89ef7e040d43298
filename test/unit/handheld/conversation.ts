/** A server with a good memory and a relay that delivers, so that only the handheld's crashes are tested. */
import assert from 'node:assert/strict'
import { encodeItAdmin, encodeItPolicy } from '#protocol/it-admin.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { decodePayload, type PayloadKind } from '#protocol/payload.ts'
import { encodeBookSet } from '#protocol/service-book.ts'
import { bookSet, policy } from './run-through.ts'
import { answerRequest, judgeProof, type Proved, type ServerScript, type Shared } from './server-double.ts'
import { pin, type World } from './world.ts'

type Message = { readonly kind: PayloadKind; readonly bytes: Uint8Array }

/** Answers everything the handheld sends, duplicates with the same bytes, until nothing more comes. */
export class Conversation {
  readonly #world: World
  readonly #script: ServerScript
  readonly #answers = new Map<string, readonly Message[]>()
  #shared: Shared | null = null
  #proved: Proved | null = null
  /** Of each kind of message the handheld sent: how many different byte strings. */
  readonly distinct = new Map<string, Set<string>>()

  constructor(world: World, script: ServerScript) {
    this.#world = world
    this.#script = script
  }

  /** One round: everything sent so far is answered. False when there was nothing. */
  round(): boolean {
    const sends = this.#world.sends()
    for (const { frame, what } of sends) {
      if (frame.type === 'mail_ask') {
        this.#note(what, frame.body)
        if (this.#world.state.run) this.#world.mailDone(1)
        this.#say(this.#once('mail', () => this.#m2(frame.body)))
      } else if (frame.type === 'send') {
        this.#world.receipt(frame.mid, 0)
        const payload = decodePayload(frame.payload)
        assert(payload.ok)
        this.#note(what, payload.value.bytes)
        this.#say(this.#reply(payload.value))
      }
    }
    this.#verify()
    return sends.length > 0
  }

  #reply({ kind, bytes }: Message): readonly Message[] {
    if (kind === 'm3') return this.#once('m3', () => this.#m4(bytes))
    const channel = this.#proved?.channel
    assert(channel && kind === 'packet', `a ${kind} comes at the right time`)
    if (channel.isKeyCheck(bytes))
      return [...this.#once('check', () => this.#keyCheck()), ...this.#once('policy', () => this.#policy())]
    const { seq, status } = channel.ack(bytes)
    assert.equal(status, 0)
    return seq === 1 ? this.#once('books', () => this.#books()) : []
  }

  #m2(body: Uint8Array): readonly Message[] {
    this.#shared = answerRequest(this.#script, body, pin)
    return [{ kind: 'm2', bytes: this.#shared.m2 }]
  }

  #m4(m3: Uint8Array): readonly Message[] {
    assert(this.#shared)
    this.#proved = judgeProof(this.#script, this.#shared, m3)
    assert(this.#proved.ok)
    return [{ kind: 'm4', bytes: this.#proved.m4 }]
  }

  #keyCheck = (): readonly Message[] => this.#packets((channel) => channel.keyCheck())

  #policy = (): readonly Message[] =>
    this.#packets((channel) =>
      channel.packet(contentTypes.itAdmin, encodeItAdmin({ type: 'policy', cms: encodeItPolicy(policy()) })),
    )

  #books = (): readonly Message[] =>
    this.#packets((channel) => channel.packet(contentTypes.serviceBook, encodeBookSet(bookSet())))

  #packets(make: (channel: Proved['channel']) => Uint8Array): readonly Message[] {
    assert(this.#proved)
    return [{ kind: 'packet', bytes: make(this.#proved.channel) }]
  }

  #once(name: string, make: () => readonly Message[]): readonly Message[] {
    const stored = this.#answers.get(name) ?? make()
    this.#answers.set(name, stored)
    return stored
  }

  /** Twice, as a relay may. */
  #say(messages: readonly Message[]): void {
    for (const { kind, bytes } of [...messages, ...messages])
      this.#world.deliverQuietly(kind, bytes, this.#script.srpId)
  }

  #verify(): void {
    for (const { id, cms } of this.#world.takeVerifications())
      this.#world.raise({ kind: 'policy_verified', id, content: cms })
  }

  #note(what: string, bytes: Uint8Array): void {
    const set = this.distinct.get(what) ?? new Set()
    this.distinct.set(what, set.add(Buffer.from(bytes).toString('hex')))
  }
}
