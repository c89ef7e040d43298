/** A server with a good memory and a relay that delivers, so that only the handheld's crashes are tested. */
import assert from 'node:assert/strict'
import { decodePayload } from '#protocol/payload.ts'
import { type Message, ScriptedServer } from './scripted-server.ts'
import type { ServerScript } from './server-double.ts'
import { pin, type World } from './world.ts'

/** Answers everything the handheld sends, each answer twice, until nothing more comes. */
export class Conversation {
  readonly #world: World
  readonly #script: ServerScript
  readonly #server: ScriptedServer
  readonly #queue: Message[] = []
  /** Of each kind of message the handheld sent: its different byte strings. */
  readonly distinct = new Map<string, Set<string>>()

  constructor(world: World, script: ServerScript) {
    this.#world = world
    this.#script = script
    this.#server = new ScriptedServer(script, pin)
  }

  /** One round: everything sent so far is answered. False when there was nothing. */
  round(): boolean {
    this.#deliver()
    const sends = this.#world.sends()
    for (const { frame, what } of sends) {
      if (frame.type === 'mail_ask') {
        if (this.#world.state.run) this.#world.mailDone(1)
        this.#say(this.#server.mail(frame.body))
      } else if (frame.type === 'send') {
        this.#world.receipt(frame.mid, 0)
        const payload = decodePayload(frame.payload)
        assert(payload.ok)
        this.#note(what, payload.value.bytes)
        this.#say(this.#server.message(payload.value))
      }
    }
    for (const { id, cms } of this.#world.takeVerifications())
      this.#world.raise({ kind: 'policy_verified', id, content: cms })
    return sends.length > 0
  }

  /** Twice, as a server may. */
  #say(messages: readonly Message[]): void {
    this.#queue.push(...messages, ...messages)
    this.#deliver()
  }

  /** As the relay: what was not acknowledged comes again. */
  #deliver(): void {
    for (let next = this.#queue[0]; next && !this.#world.isDead(); next = this.#queue[0]) {
      this.#world.deliver(next.kind, next.bytes, this.#script.srpId)
      if (!this.#world.isDead()) this.#queue.shift()
    }
  }

  #note(what: string, bytes: Uint8Array): void {
    const set = this.distinct.get(what) ?? new Set()
    this.distinct.set(what, set.add(Buffer.from(bytes).toString('hex')))
  }
}
