/** All that was and would be said in one activation, for tests that say it again, changed, or out of turn. */
import assert from 'node:assert/strict'
import type { Action } from '#handheld/action.ts'
import type { Order } from '#protocol/it-command.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { cutPacket, encodePart } from '#protocol/parts.ts'
import { encodePayload } from '#protocol/payload.ts'
import {
  booksPacket,
  command,
  commandPacket,
  policy,
  policyPacket,
  type Stage,
  toComplete,
  toConfirming,
  toProving,
  toProvisioning,
  toWaiting,
} from './run-through.ts'
import { known, type World } from './world.ts'

type Go = (world: World) => unknown

export const testedStages: Readonly<Record<string, Go>> = {
  idle: () => undefined,
  waiting: (world) => toWaiting(world),
  proving: (world) => toProving(world),
  confirming: (world) => toConfirming(world),
  provisioning: (world) => toProvisioning(world),
  complete: (world) => toComplete(world),
}

export class Overheard {
  readonly #messages: readonly Uint8Array[]
  readonly #orders: readonly Uint8Array[]
  readonly #world: World

  constructor(world: World, go: Go | undefined) {
    this.#world = world
    const reached = known(go)(world) as Partial<Stage> | undefined
    this.#messages = [encodePayload({ kind: 'm2', bytes: Uint8Array.of(0xa0) }), ...said(reached)]
    this.#orders = ordered(reached)
    world.sends()
  }

  /** One of the server's payloads. */
  message(at: number): Uint8Array {
    return known(this.#messages[at % this.#messages.length])
  }

  /** One of the administrator's commands; null where there is no key yet. */
  order(at: number): Uint8Array | null {
    return this.#orders[at % this.#orders.length] ?? null
  }

  /** What one of the checks that were asked for would give back if the signature held. */
  signed(at: number): { readonly id: string; readonly content: Uint8Array } {
    const asked = this.#world.actions.filter((action) => action.kind === 'verify_policy')
    const { id, cms } = asked[asked.length - 1 - (at % (asked.length + 1))] ?? {
      id: '',
      cms: new Uint8Array(1),
    }
    return { id, content: cms }
  }

  /** Of one of the frames that the handheld has sent, or of none. */
  mid(at: number): Uint8Array {
    const mids = this.#world.actions.flatMap(midOf)
    return mids[mids.length - 1 - (at % (mids.length + 1))] ?? new Uint8Array(16)
  }
}

const midOf = (action: Action): readonly Uint8Array[] =>
  action.kind === 'send' && action.frame.type === 'send' ? [action.frame.mid] : []

/** Commands of an administrator, each under a number of its own. */
function ordered({ proved, channel }: Partial<Stage> = {}): readonly Uint8Array[] {
  const way = channel ?? (proved?.ok ? proved.channel : null)
  if (!way) return []
  const orders: readonly Order[] = [
    { command: 'lock', ownerText: 'x' },
    { command: 'set_owner', ownerText: 'y' },
    { command: 'wipe', scope: 1, waitSeconds: 60 },
    { command: 'cancel_wipe' },
    { command: 'wipe', scope: 0, waitSeconds: 0 },
  ]
  return orders.map((order, i) =>
    encodePayload({ kind: 'packet', bytes: commandPacket(way, command(order, { number: i + 1 })) }),
  )
}

/** What a server says from the stage that was reached on, and what it has said. */
function said({ shared, proved, channel }: Partial<Stage> = {}): readonly Uint8Array[] {
  const out: Uint8Array[] = []
  if (shared) out.push(encodePayload({ kind: 'm2', bytes: shared.m2 }))
  if (!proved) return out
  out.push(encodePayload({ kind: 'm4', bytes: proved.m4 }))
  const way = channel ?? proved.channel
  const packets = [
    way.keyCheck(),
    policyPacket(way),
    policyPacket(way, policy({ number: 9, policyId: 'newer' })),
    booksPacket(way),
    way.packet(contentTypes.sync, new Uint8Array(3)),
    way.packet(contentTypes.ack, new Uint8Array(3)),
    way.packet(contentTypes.otakeygen, Uint8Array.of(0x82, 2, 5)),
  ]
  for (const packet of packets) out.push(encodePayload({ kind: 'packet', bytes: packet }))
  const long = way.packet(contentTypes.serviceBook, new Uint8Array(70_000))
  for (const part of cutPacket(long)) out.push(encodePayload({ kind: 'part', bytes: encodePart(part) }))
  assert(out.length > 8)
  return out
}
