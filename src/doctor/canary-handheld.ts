/** The doctor's own handheld: an ordinary one in memory, of which every step is noted. */
import { activateHandheld, type Outcome } from '#handheld/activate.ts'
import type { RelayTrust } from '#handheld/run.ts'
import type { SavedHandheld } from '#handheld/state-codec.ts'
import { type HandheldStorage, memoryStorage } from '#handheld/storage.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Random } from '#kernel/random.ts'

export interface CanaryHandheld {
  /** Null until there is one. */
  pin(): Pin | null
  txn(): ActivationId | null
  /** When the relay had let it in. */
  relayAtMs(): number | null
  screen(): string
  /** Never rejects: null where the handheld could not even begin or broke. */
  readonly ended: Promise<Outcome | null>
}

export interface CanaryTyped {
  readonly email: string
  readonly password: string
}

export function pressActivate(
  parts: {
    readonly relay: RelayTrust
    readonly clock: Clock
    readonly random: Random
    readonly version: string
  },
  typed: CanaryTyped,
  signal: AbortSignal,
): CanaryHandheld {
  const { relay, clock, random, version } = parts
  const notes = { screen: '', saved: null as SavedHandheld | null, relayAtMs: 0 }
  const note = (saved: SavedHandheld): void => {
    notes.saved = saved
    if (saved.state.device.pin !== null) notes.relayAtMs ||= clock.nowMs()
  }
  const ended = activateHandheld({
    relay,
    clock,
    random,
    typed,
    signal,
    storage: noting(memoryStorage(), note),
    device: { model: "Postkey doctor's canary", softwareVersion: version },
    onShown: ({ text }) => {
      notes.screen = text
    },
  }).catch(() => null)
  const state = () => notes.saved?.state
  return {
    pin: () => state()?.device.pin ?? null,
    txn: () => state()?.run?.txn ?? state()?.account?.txn ?? state()?.failure?.txn ?? null,
    relayAtMs: () => notes.relayAtMs || null,
    screen: () => notes.screen,
    ended,
  }
}

const noting = (storage: HandheldStorage, note: (saved: SavedHandheld) => void): HandheldStorage => ({
  ...storage,
  save: async (saved) => {
    await storage.save(saved)
    note(saved)
  },
})
