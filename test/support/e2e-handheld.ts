/** Handhelds of end-to-end tests that meet with something else than Activation Complete at once. */
import assert from 'node:assert/strict'
import type { ActivateOptions, Outcome } from '#handheld/activate.ts'
import type { SavedHandheld } from '#handheld/state-codec.ts'
import { type HandheldStorage, memoryStorage } from '#handheld/storage.ts'
import { hurriedClock } from './e2e-clock.ts'
import { activate, goodScreens, type Postkey, screensOf } from './postkey.ts'

/** Waits of the handheld are so many times shorter where it is to show an error it first keeps to itself. */
const hurry = 5

/**
 * Activates until the handheld shows the text with this number, and stops it there: some errors only stand on the
 * screen while the handheld goes on waiting, and a user would then give up.
 */
export async function activateUntil(
  postkey: Postkey,
  address: string,
  password: string,
  e: number,
  options: Partial<ActivateOptions> = {},
): Promise<Outcome> {
  const shown = new AbortController()
  const outcome = await activate(postkey, address, password, {
    clock: hurriedClock(hurry),
    ...options,
    signal: AbortSignal.any([shown.signal, AbortSignal.timeout(60_000)]),
    onShown: ({ code }) => {
      if (code === e) shown.abort()
    },
  })
  const texts = screensOf(outcome)
  assert.equal(outcome.shown.at(-1)?.code, e, `E${e} was not shown, but: ${texts.join(' / ')}`)
  return outcome
}

/** Presses Activate and leaves once the relay has the request and the handheld knows: it waits for a server. */
export async function press(
  postkey: Postkey,
  address: string,
  password: string,
  options: Partial<ActivateOptions> = {},
): Promise<Outcome> {
  const left = new AbortController()
  return activate(postkey, address, password, {
    ...options,
    signal: left.signal,
    onStage: (stage) => {
      if (stage !== 'mailing') left.abort()
    },
  })
}

/** The next honest try: with this password the handheld comes through. */
export async function assertActivates(
  postkey: Postkey,
  address: string,
  password: string,
  options: Partial<ActivateOptions> = {},
): Promise<Outcome> {
  const outcome = await activate(postkey, address, password, options)
  assert.deepEqual(screensOf(outcome), goodScreens(address))
  return outcome
}

export interface KeptHandheld extends HandheldStorage {
  /** Everything it wrote down, in order. */
  readonly history: readonly SavedHandheld[]
  newest(): SavedHandheld
}

/** A handheld that is used for more than one try, and looked into: hand it in as `storage`. */
export function sameHandheld(): KeptHandheld {
  const storage = memoryStorage()
  const history: SavedHandheld[] = []
  return {
    ...storage,
    history,
    newest: () => history.at(-1) ?? assert.fail('the handheld wrote nothing down'),
    save: async (saved) => {
      history.push(saved)
      await storage.save(saved)
    },
  }
}
