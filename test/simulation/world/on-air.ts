/** A handheld after its activation: on the air with the shipping code in it, and what its user does at it. */
import { nodeMlKem } from '#crypto/ml-kem-node.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import type { Outcome, Shown } from '#handheld/activate.ts'
import type { HandheldEvent } from '#handheld/event.ts'
import { step } from '#handheld/handheld.ts'
import { type HandheldWorld, type RelayTrust, runHandheld, type UserAction } from '#handheld/run.ts'
import { stageOf } from '#handheld/state.ts'
import type { SavedHandheld } from '#handheld/state-codec.ts'
import type { World } from './world.ts'

export interface OnAir extends HandheldWorld {
  readonly relay: RelayTrust
  readonly saved: SavedHandheld
  readonly onShown: (shown: Pick<Shown, 'text' | 'code'>) => void
  failed(error: unknown): void
  /** A run that went on has ended, or the handheld was erased. */
  ended(outcome: Outcome): void
}

/** Runs until its process dies. */
export function stayOnAir({ relay, saved, onShown, failed, ended, ...world }: OnAir): void {
  const acted = (action: UserAction): void => {
    if (action.kind === 'show') onShown(action)
    if (action.kind === 'ended') ended(outcomeOf(handheld.state(), action))
  }
  const handheld = runHandheld(saved, relay, world, { acted, broken: failed })
}

function outcomeOf(
  state: SavedHandheld['state'],
  { code, text }: Extract<UserAction, { kind: 'ended' }>,
): Outcome {
  const txn = state.run?.txn ?? state.failure?.txn ?? state.account?.txn ?? null
  const { pin } = state.device
  return { code: code ?? 'interrupted', text, shown: [], stage: stageOf(state), pin, txn, elapsedMs: 0 }
}

export type AtHand = Extract<HandheldEvent, { kind: 'unlock' | 'set_password' | 'lock' | 'used' }>

/** As `handheld unlock` does it: one event on what is on the disk, while nothing runs. */
export function atHand(saved: SavedHandheld, event: AtHand, world: World, name: string): SavedHandheld {
  const env = {
    nowMs: world.handheldHost(name).nowMs(),
    random: world.chance,
    p256: nodeP256,
    kem: nodeMlKem,
  }
  return { seed: saved.seed, state: step(saved.state, event, env).next }
}
