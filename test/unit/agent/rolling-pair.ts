/** A server and a handheld that hold one key, with a line between them that loses what the test wants lost. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { AgentEnv } from '#agent/domain.ts'
import { takePacket } from '#agent/inbound-packet.ts'
import { makeNumbers, type NextSeq } from '#agent/numbers.ts'
import { keyContext } from '#agent/packets.ts'
import { takeReceipts } from '#agent/receipts.ts'
import { lookAtRollovers } from '#agent/rollover/loop.ts'
import { newRing } from '#handheld/keys.ts'
import { newLink } from '#handheld/link.ts'
import type { Account } from '#handheld/state.ts'
import type { LogFields } from '#kernel/log.ts'
import { decodePayload } from '#protocol/payload.ts'
import { emptyReplayWindow, encodeReplayWindow, markReplay } from '#protocol/replay-window.ts'
import * as e from '../activation/events.ts'
import { seededRandom, World } from '../handheld/world.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'

export const firstKid = 7
const masterKey = new Uint8Array(32).fill(3)
const day = 86_400_000

export { day }

/** What becomes of a message on the line. */
export type Fate = 'through' | 'lost' | 'twice' | 'lost_at_relay'

/** A server process that ends where a test wants it to. */
class Died extends Error {}

export class Pair {
  readonly agent: AgentWorld
  readonly handheld: World
  readonly env: AgentEnv
  /** Decides about each message; the default line loses none. */
  fate: (from: 'server' | 'handheld') => Fate = () => 'through'
  /** Where the server's process ends, once. */
  diesAt: string | null = null
  /** What either end said that it dropped. */
  readonly dropped: string[] = []
  /** ML-KEM has a part in the first key. */
  readonly hybrid: boolean
  #nextSeq: NextSeq
  /** When the line broke last; it comes back a step later. */
  #brokenMs = 0

  constructor(t: TestContext, seed = 'pair', hybrid = false) {
    this.hybrid = hybrid
    this.handheld = new World(seed)
    this.agent = makeAgentWorld(t)
    const note = (fields: LogFields, message: string) => {
      if (/dropped|before the key check/.test(message))
        this.dropped.push(`server: ${message} ${fields.why ?? ''}`)
    }
    const log = { debug: note, info: note, warn: note, error: note, with: () => log }
    this.env = {
      ...this.agent.env,
      log,
      random: seededRandom(`${seed} server`),
      failpoint: (name) => {
        if (this.diesAt !== name) return
        this.diesAt = null
        throw new Died(name)
      },
    }
    this.#nextSeq = makeNumbers(this.env.store).seq
  }

  /** Both hold the first key; both key checks are through. */
  async begin(): Promise<void> {
    const { env, handheld } = this
    const window = encodeReplayWindow(markReplay(emptyReplayWindow, 0))
    const sealed = env.vault.seal(keyContext(e.pin, firstKid), masterKey)
    const device = { model: 'a', software: 'b', platform: 'c', deviceKey: '00' }
    const account = { pin: e.pin, userId: 1, txn: e.txn, ...device, activatedAtMs: e.start }
    await env.store.activations.commit({
      nowMs: e.start,
      addKey: {
        pin: e.pin,
        kid: firstKid,
        suite: 1,
        txn: e.txn,
        sealed,
        window,
        nextSeq: 1,
        hybrid: this.hybrid,
      },
      keyCurrent: { pin: e.pin, kid: firstKid },
      account: { kind: 'activated', account, perUserMax: 1 },
    })
    const link = newLink(
      { kid: firstKid, suite: 1, masterKey, hybrid: this.hybrid },
      new Uint8Array([1]),
      handheld.random,
    )
    handheld.state = {
      ...handheld.state,
      account: accountWith({ ...link, window: markReplay(emptyReplayWindow, 0) }, handheld),
    }
    handheld.disk = handheld.state
    handheld.crash()
    handheld.login()
  }

  set nowMs(nowMs: number) {
    this.agent.nowMs = nowMs
    this.handheld.nowMs = nowMs
  }

  get nowMs(): number {
    return this.agent.nowMs
  }

  /** The server's process begins anew: its numbers in memory are gone. */
  restartServer(): void {
    this.#nextSeq = makeNumbers(this.env.store).seq
  }

  async want(): Promise<void> {
    assert.equal(await this.env.store.rollovers.want([e.pin], this.nowMs), 1)
  }

  /** Everything that is due now goes over the line, until nothing is. */
  async settle(): Promise<void> {
    for (let round = 0; round < 50; round += 1) {
      if (this.handheld.dueMs !== null && this.handheld.dueMs <= this.nowMs)
        this.handheld.raise({ kind: 'timer' })
      await this.#alive(async () => void (await lookAtRollovers(this.env, this.#nextSeq, 0)))
      if (!this.handheld.state.online && this.nowMs > this.#brokenMs) this.handheld.login()
      const moved = (await this.#fromServer()) + (await this.#fromHandheld())
      if (moved === 0) return
    }
    assert.fail('the two do not come to rest')
  }

  /** Time goes on in steps, and what falls due is sent. */
  async pass(ms: number, stepMs = ms): Promise<void> {
    const endMs = this.nowMs + ms
    while (this.nowMs < endMs) {
      this.nowMs = Math.min(endMs, this.nowMs + stepMs)
      await this.settle()
    }
  }

  async #fromServer(): Promise<number> {
    const { store } = this.env
    const due = await store.deliveries.due(this.nowMs, 64)
    for (const { id, payload, endsAtMs } of due) {
      if (endsAtMs <= this.nowMs) {
        await store.deliveries.end(id, 'given_up')
        continue
      }
      const mid = this.handheld.random.bytes(16)
      await store.deliveries.attempted(id, [mid], this.nowMs, this.nowMs + 15_000)
      const fate = this.fate('server')
      if (fate === 'lost') continue
      await takeReceipts(this.env, [{ receipt: { type: 'receipt', mid, status: 0 }, atMs: this.nowMs }])
      const times = { through: 1, twice: 2, lost_at_relay: 0 }[fate]
      for (let i = 0; i < times; i += 1) this.#deliver(payload)
      const status = fate === 'lost_at_relay' ? 6 : 1
      await takeReceipts(this.env, [{ receipt: { type: 'receipt', mid, status }, atMs: this.nowMs }])
    }
    return due.length
  }

  #deliver(payload: Uint8Array): void {
    const before = this.handheld.actions.length
    this.handheld.deliverPayload(payload)
    for (const action of this.handheld.actions.slice(before))
      if (action.kind === 'log' && /dropped|before the key check/.test(action.message))
        this.dropped.push(`handheld: ${action.message}`)
    if (this.handheld.isDead()) {
      this.handheld.crash()
      this.handheld.crashIn = null
      this.handheld.login()
    }
  }

  async #fromHandheld(): Promise<number> {
    const sends = this.handheld.sends().flatMap(({ frame }) => (frame.type === 'send' ? [frame] : []))
    let broken = false
    for (const { mid, payload } of sends) {
      const fate = this.fate('handheld')
      broken ||= fate === 'lost'
      if (fate === 'lost') continue
      this.handheld.receipt(mid, 0)
      if (fate === 'lost_at_relay') {
        this.handheld.receipt(mid, 6)
        continue
      }
      const packet = decodePayload(payload)
      assert(packet.ok && packet.value.kind === 'packet')
      const times = fate === 'twice' ? 2 : 1
      for (let i = 0; i < times; i += 1) {
        const { bytes } = packet.value
        // The relay brings again what was not acknowledged, to the next process.
        if (!(await this.#alive(() => takePacket(this.env, this.#nextSeq, e.pin, bytes)))) i -= 1
      }
      this.handheld.receipt(mid, 1)
    }
    // Nothing is lost on the way but with the line.
    if (broken) this.#brokenMs = this.nowMs
    if (broken) this.handheld.raise({ kind: 'link_down', reason: 'unreachable' })
    return sends.length
  }

  /** False where the process died over it. */
  async #alive(work: () => Promise<void>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      if (!(error instanceof Died)) throw error
      this.restartServer()
      return false
    }
  }

  /** The ids of the keys on both sides, as `state kid`, to be read by a person. */
  async keys(): Promise<{ readonly server: string[]; readonly handheld: string[] }> {
    const rows = await this.env.store.handhelds.keys(e.pin)
    const { account } = this.handheld.state
    assert(account)
    const { previous, rollover } = account.keys
    const pending = rollover && 'link' in rollover ? [`pending ${rollover.link.kid}`] : []
    const old = previous ? [`previous ${previous.link.kid}`] : []
    return {
      server: rows.map(({ state, kid }) => `${state} ${kid}`).sort(),
      handheld: [`current ${account.link.kid}`, ...old, ...pending].sort(),
    }
  }

  /** Both have the same one key, which is not `kid`. */
  async agreed(kid = firstKid): Promise<number> {
    const { server, handheld } = await this.keys()
    assert.deepEqual(server, handheld)
    assert.equal(server.length, 1, server.join())
    const now = this.handheld.state.account?.link
    assert(now && now.kid !== kid, `still the key ${kid}`)
    const row = await this.env.store.handhelds.currentKey(e.pin)
    assert(row)
    assert.deepEqual(this.env.vault.open(keyContext(e.pin, row.kid), row.sealed), now.masterKey)
    return now.kid
  }
}

const accountWith = (link: Account['link'], { nowMs, random }: World): Account => ({
  ...{ stage: 'active', txn: e.txn, address: e.address, srpId: 'S00000001' as never },
  servers: ['S00000001' as never],
  ...{ organisation: 'Example', caCertificate: new Uint8Array(), nextRolloverAt: 0, link },
  keys: { ...newRing(nowMs, random, []), jitterMs: 0 },
  ...{ m4Hash: new Uint8Array(32), repeat: null, policy: null, policyConfirmed: true },
  ...{
    bookNumber: null,
    books: null,
    complete: true,
    command: null,
    ownerText: null,
    silence: null,
    wipe: null,
  },
})
