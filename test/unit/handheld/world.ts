/** One handheld between events: performs its actions on paper, and puts its state through the disk's form each step. */
import assert from 'node:assert/strict'
import { hmacSha256 } from '#crypto/hash.ts'
import { nodeMlKem } from '#crypto/ml-kem-node.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import type { Action } from '#handheld/action.ts'
import type { HandheldEvent, Typed } from '#handheld/event.ts'
import { step } from '#handheld/handheld.ts'
import { type HandheldState, initialState, stageOf } from '#handheld/state.ts'
import { decodeSaved, encodeSaved } from '#handheld/state-codec.ts'
import { type MailAddress, parsePin, parseRelayId, parseSrpId } from '#kernel/brand.ts'
import { concat, uintBytes, utf8 } from '#kernel/bytes.ts'
import type { Random } from '#kernel/random.ts'
import { decodePayload, encodePayload, type PayloadKind } from '#protocol/payload.ts'
import type { Send } from '#protocol/relay-frame.ts'
import { type ServerScript, testSecrets } from './server-double.ts'

export const known = <T>(value: T | null | undefined): T => {
  assert(value !== null && value !== undefined)
  return value
}

export function seededRandom(seed: string): Random {
  let count = 0
  return {
    bytes: (length) => {
      const blocks = Array.from({ length: Math.ceil(length / 32) }, () => {
        count += 1
        return hmacSha256(utf8(seed), uintBytes(count, 8))
      })
      return concat(...blocks).slice(0, length)
    },
  }
}

export const address = 'alice@example.test' as MailAddress
export const pin = known(parsePin('2100000A'))
export const password = 'quietpaperboat'
export const startMs = 1_800_000_000_000

export const script = (fields: Partial<ServerScript> = {}): ServerScript => ({
  srpId: known(parseSrpId('S00000001')),
  password,
  suite: 1,
  kid: 77,
  organisation: 'Example Organisation',
  ca: utf8('the CA of example.test'),
  random: seededRandom('server'),
  ...fields,
})

export const typed = (fields: Partial<Typed> = {}): Typed => ({
  kind: 'typed',
  address,
  secrets: testSecrets(password, fields.address ?? address),
  offer: [1, 2],
  lifeSeconds: 172_800,
  postQuantum: 'off',
  confirmed: false,
  ...fields,
})

const device: HandheldState['device'] = {
  publicKey: new Uint8Array(32).fill(7),
  relayId: known(parseRelayId('relay.example.test')),
  model: 'Postkey Terminal',
  softwareVersion: '1.0',
  platform: 'test',
  pin: null,
  certificate: null,
  relayGeneration: null,
  clockOffsetMs: 0,
}

type SendAction = Extract<Action, { kind: 'send' }>

export class World {
  state: HandheldState = initialState(device)
  /** What a crash would leave. */
  disk: HandheldState = this.state
  nowMs = startMs
  dueMs: number | null = null
  readonly random: Random
  readonly actions: Action[] = []
  readonly #mids: Random
  /** Sends not yet taken by the test. */
  #sends: SendAction[] = []

  constructor(seed = 'handheld') {
    this.random = seededRandom(seed)
    this.#mids = seededRandom(`${seed} mids`)
  }

  /** Counts down at each persist; at zero the process dies there. Null: it lives. */
  crashIn: { count: number; readonly when: 'before' | 'after' } | null = null
  #dead = false

  raise(event: HandheldEvent): readonly Action[] {
    if (this.#dead) return []
    const env = { nowMs: this.nowMs, random: this.random, p256: nodeP256, kem: nodeMlKem }
    const { next, actions } = step(throughDisk(this.state), event, env)
    this.state = next
    for (const [i, action] of actions.entries()) {
      if (action.kind === 'persist') {
        // Completion adds nothing that is sent: the user is told first, then the disk.
        assert(i === 0 || action.point === 'complete', 'the state goes to disk before anything leaves')
        if (this.#diesHere()) {
          if (this.crashIn?.when === 'after') this.disk = next
          this.#dead = true
          // What came before is out in the world; the rest never happens.
          this.actions.push(...actions.slice(0, i))
          return []
        }
        this.disk = next
      }
      if (action.kind === 'set_timer') this.dueMs = action.atMs
      if (action.kind === 'send') this.#sends.push(action)
    }
    this.actions.push(...actions)
    return actions
  }

  login(now = Math.floor(this.nowMs / 1000)): void {
    this.raise({ kind: 'logged_in', pin, certificate: new Uint8Array(64), now, generation: 1 })
  }

  #diesHere(): boolean {
    if (!this.crashIn) return false
    this.crashIn.count -= 1
    return this.crashIn.count === 0
  }

  isDead(): boolean {
    return this.#dead
  }

  /** Kills the process: only what was persisted is left. */
  crash(): void {
    this.#dead = false
    this.state = throughDisk(this.disk)
    this.#sends = []
    this.dueMs = null
    this.raise({ kind: 'restart' })
  }

  /** Moves the clock to the next timer, at most `limitMs` on, and lets it ring. */
  pass(limitMs: number): void {
    const endMs = this.nowMs + limitMs
    while (this.dueMs !== null && this.dueMs <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.dueMs)
      this.raise({ kind: 'timer' })
    }
    this.nowMs = endMs
  }

  deliver(kind: PayloadKind, bytes: Uint8Array, srpId = script().srpId): void {
    const payload = encodePayload({ kind, bytes })
    this.deliverPayload(payload, srpId)
  }

  deliverPayload(payload: Uint8Array, srpId = script().srpId): void {
    const mid = this.#mids.bytes(16)
    this.raise({ kind: 'frame', frame: { type: 'deliver', mid, from: { kind: 'server', srpId }, payload } })
    const acked = this.#sends.filter(({ what }) => what === 'frame_ack')
    if (this.#dead) return
    assert.equal(acked.length, 1, 'every frame delivered is acknowledged to the relay, once')
    this.#sends = this.#sends.filter(({ what }) => what !== 'frame_ack')
  }

  /** Questions about signatures that were not yet answered. */
  takeVerifications(): readonly Extract<Action, { kind: 'verify_policy' }>[] {
    const asked = this.actions.slice(this.#verified).filter((action) => action.kind === 'verify_policy')
    this.#verified = this.actions.length
    return asked
  }
  #verified = 0

  mailDone(status: number, now?: number): void {
    const txn = known(this.state.run).txn
    const frame = { type: 'mail_done', txn, status, ...(now === undefined ? {} : { now }) } as const
    this.raise({ kind: 'frame', frame })
  }

  receipt(mid: Uint8Array, status: number): void {
    this.raise({ kind: 'frame', frame: { type: 'receipt', mid, status } })
  }

  /** Takes everything sent since the last call. */
  sends(): readonly SendAction[] {
    const taken = this.#sends
    this.#sends = []
    return taken
  }

  /** Takes all sends and returns the messages among them that are called `what`. */
  messages(what: SendAction['what']): readonly { mid: Uint8Array; bytes: Uint8Array; to: Send['to'] }[] {
    return this.sends()
      .filter((send) => send.what === what)
      .map(({ frame }) => {
        assert(frame.type === 'send')
        const payload = decodePayload(frame.payload)
        assert(payload.ok)
        return { mid: frame.mid, bytes: payload.value.bytes, to: frame.to }
      })
  }

  message(what: SendAction['what']): { mid: Uint8Array; bytes: Uint8Array } {
    const found = this.messages(what)
    assert.equal(found.length, 1, `one ${what} is sent`)
    return known(found[0])
  }

  shown(): readonly string[] {
    return this.actions.flatMap((action) => (action.kind === 'show' ? [action.text] : []))
  }

  codes(): readonly number[] {
    return this.actions.flatMap((action) =>
      action.kind === 'show' && action.code !== null ? [action.code] : [],
    )
  }

  ended(): readonly (number | 'erased' | null)[] {
    return this.actions.flatMap((action) => (action.kind === 'ended' ? [action.code] : []))
  }

  stage(): string {
    return stageOf(this.state)
  }

  request(): Uint8Array {
    const asks = this.sends().flatMap(({ frame }) => (frame.type === 'mail_ask' ? [frame.body] : []))
    return known(asks.at(-1))
  }
}

const throughDisk = (state: HandheldState): HandheldState =>
  decodeSaved(encodeSaved({ seed: new Uint8Array(32), state })).state
