/** Runs a test once for each way of hearing about new mail, so that nothing works only because of a hint. */
import assert from 'node:assert/strict'
import { type TestContext, type TestOptions, test } from 'node:test'
import { type Postkey, scanOnlySettings } from './postkey.ts'

export interface Watch {
  readonly name: string
  /** `--set` values for `startPostkey`. */
  readonly set: readonly string[]
  /** What the timeline may say about how a mail was found. */
  readonly foundBy: readonly string[]
}

/** As installed: the relay's hint, IDLE, and the counters every few seconds. */
export const fastWatch: Watch = {
  name: 'by relay hint and IDLE',
  // Neither the scan interval nor the counters can be what found the mail.
  set: ['agent.poll_seconds=0'],
  // A mailbox is also looked at when its user gets a password; on a slow machine the mail comes before that look.
  foundBy: ['hint', 'idle', 'scan'],
}

/** Every faster way is switched off. */
export const scanOnly: Watch = {
  name: 'by interval scan alone',
  set: scanOnlySettings,
  foundBy: ['scan'],
}

export const watches: readonly Watch[] = [fastWatch, scanOnly]

/** Both settings, each as a test of its own with the setting in its name. */
export function eachWatch(
  name: string,
  body: (t: TestContext, watch: Watch) => Promise<void>,
  options: TestOptions = {},
): void {
  for (const watch of watches) test(`${name}, ${watch.name}`, options, (t) => body(t, watch))
}

/** Fails where the user's last activation was found in another way than this one. */
export async function assertFound(postkey: Postkey, address: string, watch: Watch): Promise<void> {
  const { timeline } = await (await postkey.admin()).activations.explain(address)
  const detail = timeline.find((hop) => hop.name === 'server saw the mail')?.detail ?? 'not at all'
  const found = watch.foundBy.map((way) => `found by ${way}`)
  assert.ok(found.includes(detail), `${detail}, not ${found.join(' or ')}`)
}
