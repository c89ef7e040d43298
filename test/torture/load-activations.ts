/** Handhelds that activate one after the other, as `handheld fleet` has them do, through every death of the server. */
import type { Outcome } from '#handheld/activate.ts'
import type { SavedHandheld } from '#handheld/state-codec.ts'
import { memoryStorage } from '#handheld/storage.ts'
import { hurriedClock } from '../support/e2e-clock.ts'
import { activate, type Postkey } from '../support/postkey.ts'

export interface User {
  readonly address: string
  readonly password: string
}

export interface ActivationNote {
  readonly user: string
  /** Null while it is under way. */
  outcome: Outcome | null
  saved: SavedHandheld | null
}

export interface ActivationLoad {
  readonly notes: Map<string, ActivationNote>
  /** Any process of the site: where the relay is and how it is trusted does not change. */
  readonly site: Postkey
  readonly users: readonly User[]
  readonly stop: AbortSignal
  /** Ends even what is under way: a handheld that hangs is a finding, not a reason to wait for ever. */
  readonly giveUp: AbortSignal
}

const atOnce = 2
/** Waits between tries are that much shorter, so that a handheld is back soon after the server. */
const hurry = 8

/** Begins activations until it is stopped, and brings those that began to their end. */
export async function runActivationLoad(load: ActivationLoad): Promise<void> {
  const waiting = [...load.users]
  const worker = async () => {
    for (let user = waiting.shift(); user && !load.stop.aborted; user = waiting.shift())
      await activateOne(load, user)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

async function activateOne(load: ActivationLoad, user: User): Promise<void> {
  const note: ActivationNote = { user: user.address, outcome: null, saved: null }
  load.notes.set(user.address, note)
  const storage = memoryStorage()
  const options = { storage, clock: hurriedClock(hurry), signal: load.giveUp }
  note.outcome = await activate(load.site, user.address, user.password, options)
  note.saved = await storage.load()
}
