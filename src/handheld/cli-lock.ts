/** `postkey handheld unlock`, `lock-screen` and `set-password`: what a person does at the lock of the terminal's handheld. */
import { type AtHand, atHandheld } from './at-hand.ts'
import type { HandheldIo } from './cli-io.ts'
import { handheldDirectory, type Options } from './cli-options.ts'
import { orCancelled, readNewSecret, readSecret } from './cli-secrets.ts'
import { demanded } from './password.ts'
import { screens } from './screen.ts'
import type { HandheldState } from './state.ts'

const opened: readonly string[] = ['unlocked', 'must_change', 'set', 'removed', 'locked', 'nothing']

export const unlockCommand = (io: HandheldIo, options: Options): Promise<void> =>
  orCancelled(io, () =>
    act(io, options, async (state) => ({
      kind: 'unlock',
      password: await presentPassword(io, options, state, ['passwordFile', '--password-file']),
    })),
  )

export const setPasswordCommand = (io: HandheldIo, options: Options): Promise<void> =>
  orCancelled(io, () =>
    act(io, options, async (state) => {
      const old = await presentPassword(io, options, state, ['oldFile', '--old-file'])
      const password = options.remove === true ? null : await newPassword(io, options, demanded(state))
      return { kind: 'set_password', old, password }
    }),
  )

export const lockCommand = (io: HandheldIo, options: Options): Promise<void> =>
  act(io, options, () => ({ kind: 'lock' }))

/** Empty where the handheld has none: then nobody is asked. */
async function presentPassword(
  io: HandheldIo,
  options: Options,
  { lock }: HandheldState,
  [name, flag]: readonly [string, string],
): Promise<string> {
  return lock.password ? readSecret(io, options, { name, flag, question: 'Handheld password' }) : ''
}

const newPassword = (io: HandheldIo, options: Options, demands: string): Promise<string> =>
  readNewSecret(io, options, {
    name: 'newFile',
    flag: '--new-file or --remove',
    question: demands === '' ? 'New handheld password' : `New handheld password (${demands})`,
  })

/** Says what came of it, and what came meanwhile; the exit code says whether it was what the person wanted. */
async function act(
  io: HandheldIo,
  options: Options,
  what: (state: HandheldState) => AtHand | Promise<AtHand>,
): Promise<void> {
  const { state, password } = await atHandheld(handheldDirectory(io, options), what, io)
  const { outcome, text } = password ?? lockOutcome(state.lock.locked)
  const { lock, screen, screenCode } = state
  const unread = !lock.locked && screenCode !== null ? screen : null
  const answer = { outcome, text, locked: lock.locked, code: unread && screenCode, screen: unread }
  const lines = [text, unread].filter((line) => line !== null).map((line) => `${line}\n`)
  io.stdout.write(io.format === 'json' ? `${JSON.stringify(answer, null, 2)}\n` : lines.join(''))
  if (!opened.includes(outcome)) io.setExit('failed')
}

const lockOutcome = (locked: boolean) =>
  locked
    ? { outcome: 'locked', text: screens.locked }
    : { outcome: 'nothing', text: 'Without a password there is nothing to lock with.' }
