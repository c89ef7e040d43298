/** The activation that shows the whole of Postkey: a built-in handheld, over real SMTP, IMAP and relay sockets. */
import { join } from 'node:path'
import type { Hop } from '#activation/timeline.ts'
import { renderExplanation } from '#cli/explain.ts'
import type { Run } from '#cli/run.ts'
import type { LoadedConfig } from '#config/load.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { activateHandheld, type Shown } from '#handheld/activate.ts'
import { openHandheldDirectory } from '#handheld/file.ts'
import { loadRelayTrust } from '#handheld/trust.ts'
import { assert } from '#kernel/assert.ts'
import { sleep } from '#kernel/clock.ts'
import type { Running } from './compose.ts'

/** What `postkey demo --json` prints. */
export interface FirstActivation {
  readonly ok: boolean
  /** Each text the handheld showed, in order. */
  readonly shown: readonly string[]
  readonly timeline: readonly Hop[]
  /** From the start of the program to `Activation Complete`. */
  readonly total_ms: number
  /** When the handheld came into each of its stages, since the user pressed Activate. */
  readonly stages_ms: Readonly<Record<string, number>>
}

export const demoUser = (loaded: LoadedConfig): string => `demo@${loaded.config.server.domains[0]}`

/** Milliseconds since this program was started. */
const sinceStartMs = (): number => Math.round(performance.now())

/** Adds the demo user and activates a handheld for it, showing each text as it comes. */
export async function activateFirst(
  running: Running,
  loaded: LoadedConfig,
  run: Run,
): Promise<FirstActivation> {
  const address = demoUser(loaded)
  await running.admin.users.add({ address, displayName: 'Demo' })
  const { password } = await running.admin.passwords.generate(address)
  assert(password, 'a generated password is shown once')
  sayBeginning(run, address, password)
  const stages: Record<string, number> = {}
  const outcome = await activateHandheld({
    relay: await loadRelayTrust(join(loaded.config.server.data_dir, 'handheld.json'), {}),
    clock: systemClock,
    random: systemRandom,
    storage: await openHandheldDirectory(join(loaded.config.server.data_dir, 'handhelds', 'demo')),
    typed: { email: address, password },
    signal: AbortSignal.any([run.deps.stop, AbortSignal.timeout(timeoutMs)]),
    onShown: (shown) => sayShown(run, shown),
    onStage: (stage, atMs) => {
      stages[stage] ??= Math.round(atMs)
    },
  })
  const totalMs = sinceStartMs()
  await serverKnows(running, address)
  const explained = await running.admin.activations.explain(address)
  if (run.format === 'table') run.terminal.stdout.write(`\n${renderExplanation(run, explained)}\n`)
  return {
    ok: outcome.code === 0,
    shown: outcome.shown.map(({ text }) => text),
    timeline: explained.timeline,
    total_ms: totalMs,
    stages_ms: stages,
  }
}

const timeoutMs = 60_000
/** The handheld is done when the relay has its last word; the server hears it a moment later. */
const lastWordMs = 5_000
const lookEveryMs = 20

async function serverKnows(running: Running, address: string): Promise<void> {
  const untilMs = systemClock.nowMs() + lastWordMs
  while (systemClock.nowMs() < untilMs) {
    if ((await running.admin.activations.show(address)).ended) return
    await sleep(systemClock, lookEveryMs)
  }
}

/** The first start makes keys, which takes a few seconds: nobody should look at an empty screen. */
export function sayStarting(run: Run): void {
  if (run.format === 'table') run.terminal.stdout.write('Starting SMTP, IMAP, relay and agent …\n')
}

function sayBeginning(run: Run, address: string, password: string): void {
  if (run.format === 'json') return
  const { bold, dim } = run.terminal
  run.terminal.stdout.write(
    `${bold('Activating a handheld over real mail')}\n` +
      `  e-mail    ${address}\n` +
      `  password  ${password}  ${dim('one use, 48 hours')}\n\n`,
  )
}

function sayShown(run: Run, { text, atMs, code }: Shown): void {
  if (run.format === 'json') return
  const { dim, green, red } = run.terminal
  const paint = code !== null ? red : text === 'Activation Complete' ? green : (plain: string) => plain
  run.terminal.stdout.write(`  ${dim(`${(atMs / 1000).toFixed(2)} s`.padStart(7))}  ${paint(text)}\n`)
}
