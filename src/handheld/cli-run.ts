/** `postkey handheld run`: the handheld stays on the air, takes what its server sends, and shows it. */
import { Fault } from '#kernel/fault.ts'
import { exitOf } from './cli-activate.ts'
import { sayAir } from './cli-air.ts'
import type { HandheldIo } from './cli-io.ts'
import {
  countOption,
  handheldDirectory,
  type Options,
  relayOptions,
  sameHandheld,
  textOption,
} from './cli-options.ts'
import { takenWords } from './cli-taken.ts'
import { sayWaiting } from './cli-waiting.ts'
import { openHandheldDirectory, readHandheld } from './file.ts'
import { codeName } from './fleet.ts'
import { startProgressLine } from './progress-line.ts'
import { type RelayTrust, runHandheld, type UserAction } from './run.ts'
import type { SavedHandheld } from './state-codec.ts'
import type { HandheldStorage } from './storage.ts'

const secondsMax = 31_536_000

/** Until it is stopped, its time is over, or the handheld was erased. @throws Fault handheld.idle, handheld.no_relay */
export async function runCommand(io: HandheldIo, options: Options): Promise<void> {
  const relay = await relayOptions(io, options)
  const seconds =
    textOption(options, 'seconds') === undefined ? null : countOption(options, 'seconds', secondsMax)
  const dir = handheldDirectory(io, options)
  if (!(await readHandheld(dir))) throw new Fault('handheld.idle')
  const storage = await openHandheldDirectory(dir)
  const saved = await storage.load()
  if (!saved) {
    await storage.close()
    throw new Fault('handheld.idle')
  }
  const { code, shown, taken } = await stay(io, options, { saved, relay, storage, seconds })
  const ended = typeof code === 'number' ? codeName(code) : code
  if (io.format === 'json') io.stdout.write(`${JSON.stringify({ ended, shown, taken }, null, 2)}\n`)
  const exit = typeof code === 'number' ? exitOf(code) : null
  if (exit) io.setExit(exit)
}

type End = 'stopped' | Exclude<Extract<UserAction, { kind: 'ended' }>['code'], null | 0>

interface Stay {
  readonly saved: SavedHandheld
  readonly relay: RelayTrust
  readonly storage: HandheldStorage
  /** Null: until somebody stops it. */
  readonly seconds: number | null
}

async function stay(io: HandheldIo, options: Options, { saved, relay, storage, seconds }: Stay) {
  const { clock, random, log, failpoint, stop } = io
  const shown: string[] = []
  const taken: string[] = []
  const end = Promise.withResolvers<End>()
  // A handheld may break before anybody waits for its end.
  end.promise.catch(() => {})
  const line = startProgressLine(io)
  const print = (text: string) => {
    shown.push(text)
    line.print(text)
  }
  const took = (text: string) => {
    taken.push(text)
    line.print(text)
  }
  const words = { screen: sameHandheld(options, 'screen'), moment: io.moment }
  const { account, run } = saved.state
  if (!account && !run)
    line.remark(
      `Nothing is activated on this handheld. Activate it: ${sameHandheld(options, 'activate --email ADDRESS')}`,
    )
  const waits = sayWaiting(io, line, `\`${sameHandheld(options, 'activate')}\` with --anew`)
  const handheld = runHandheld(
    saved,
    relay,
    { clock, random, log, failpoint, storage },
    {
      acted: (action) => {
        if (action.kind === 'show') print(action.text)
        if (action.kind === 'took') took(takenWords(action.taken, words))
        if (action.kind === 'waits') waits(action.code, action.untilMs)
        if (action.kind === 'ended' && action.code) end.resolve(action.code)
      },
      line: sayAir(line, relay.relayId, () => handheld.state().device.pin),
      broken: end.reject,
    },
  )
  const stopped = () => end.resolve('stopped')
  stop.addEventListener('abort', stopped, { once: true })
  if (stop.aborted) stopped()
  const cancel = seconds === null ? () => {} : clock.after(seconds * 1000, stopped)
  try {
    await handheld.raise({ kind: 'used' })
    return { code: await end.promise, shown, taken }
  } finally {
    cancel()
    stop.removeEventListener('abort', stopped)
    line.stop()
    await handheld.close()
  }
}
