/** `postkey handheld activate`: the handheld's screen, line by line. */
import { Fault } from '#kernel/fault.ts'
import { type ActivationCode, decodeActivationCode } from '#protocol/activation-code.ts'
import { type ActivateOptions, activateHandheld, type Outcome } from './activate.ts'
import type { ExitName, HandheldIo } from './cli-io.ts'
import {
  handheldDirectory,
  type Options,
  postQuantumOption,
  relayOptions,
  suiteOption,
  textOption,
} from './cli-options.ts'
import { orCancelled, readSecret } from './cli-secrets.ts'
import { isToldNo, sayWaiting } from './cli-waiting.ts'
import { openHandheldDirectory } from './file.ts'
import { codeName } from './fleet.ts'
import { startProgressLine } from './progress-line.ts'

/** Ends with the exit code of the outcome. @throws Fault for what keeps it from beginning */
export async function activateCommand(io: HandheldIo, options: Options): Promise<void> {
  const relay = await relayOptions(io, options)
  const suites = suiteOption(options)
  const postQuantum = postQuantumOption(options)
  await orCancelled(io, async () => {
    const outcome = await activate(io, options, { relay, suites, postQuantum })
    if (io.format === 'json') io.stdout.write(`${JSON.stringify(outcomeJson(outcome), null, 2)}\n`)
    else if (outcome.code === 'interrupted') io.stderr.write(`Interrupted; ${howToGoOn(outcome)}\n`)
    const exit = exitOf(outcome.code)
    if (exit) io.setExit(exit)
    if (outcome.code === 'asked') throw new Fault('handheld.consent')
  })
}

function howToGoOn({ shown }: Outcome): string {
  return isToldNo(shown.at(-1)?.code ?? null)
    ? 'with --anew the same command begins again, with a new password.'
    : 'the same command goes on with it.'
}

/** What programs get; `code` is a number, 0 for Activation Complete, or a word. */
export const outcomeJson = ({ code, text, stage, pin, txn, elapsedMs, shown }: Outcome) => ({
  code,
  name: code === 0 ? 'complete' : codeName(code),
  text,
  stage,
  pin,
  activation: txn,
  elapsedMs,
  shown,
})

async function activate(
  io: HandheldIo,
  options: Options,
  { relay, suites, postQuantum }: Required<Pick<ActivateOptions, 'relay' | 'suites' | 'postQuantum'>>,
): Promise<Outcome> {
  const { clock, random, log, failpoint, stop, version } = io
  const typed = await typedOrRead(io, options)
  const storage = await openHandheldDirectory(handheldDirectory(io, options))
  const line = startProgressLine(io)
  try {
    return await activateHandheld({
      relay,
      clock,
      random,
      log,
      storage,
      failpoint,
      suites,
      postQuantum,
      typed: typed && {
        email: typed.email,
        password: typed.password ?? (() => line.hidden(() => readPassword(io, options))),
      },
      anew: options.anew === true,
      device: { softwareVersion: version },
      signal: stop,
      onShown: ({ text }) => line.print(text),
      onWaits: sayWaiting(io, line, 'the same command with --anew'),
      onAsk: (_, text) => line.hidden(() => consent(io, options, text)),
    })
  } finally {
    line.stop()
  }
}

/** What the user typed, or the handheld read off a QR code; null: go on with what is under way. @throws Fault admin.usage */
async function typedOrRead(
  io: HandheldIo,
  options: Options,
): Promise<{ readonly email: string; readonly password?: string } | null> {
  const email = textOption(options, 'email')
  if (options.code === undefined && options.codeFile === undefined)
    return email === undefined ? null : { email }
  if (email !== undefined) throw new Fault('admin.usage', 'either a code or --email')
  const { address, password } = codeOf(textOption(options, 'code') ?? (await readCode(io, options)))
  return password === undefined ? { email: address } : { email: address, password }
}

function codeOf(text: string): ActivationCode {
  const code = decodeActivationCode(text.trim())
  if (code.ok) return code.value
  throw new Fault('admin.usage', 'this is no activation code of Postkey')
}

/** It may hold a password, and is asked for as one. */
const readCode = (io: HandheldIo, options: Options): Promise<string> =>
  readSecret(io, options, { name: 'codeFile', flag: '--code-file', question: 'Activation code' })

const readPassword = (io: HandheldIo, options: Options): Promise<string> =>
  readSecret(io, options, {
    name: 'passwordFile',
    flag: '--password-file',
    question: 'Activation password',
  })

async function consent(io: HandheldIo, options: Options, text: string): Promise<boolean> {
  if (options.yes === true) return true
  if (io.canAsk) return (await io.confirm(`${text} Go on?`)) ?? false
  io.stderr.write(`${text}\n`)
  return false
}

/** Codes that time or the network may heal: the relay or the server was not heard. */
const unheard: readonly Outcome['code'][] = [1, 21, 22]

/** Null: the process ends well. */
export function exitOf(code: Outcome['code']): ExitName | null {
  if (code === 0) return null
  if (code === 'interrupted') return 'cancelled'
  return unheard.includes(code) ? 'unavailable' : 'failed'
}
