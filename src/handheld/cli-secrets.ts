/** Passwords that commands ask for: from the first line of a file, or typed where a person can be asked. */
import { readFile } from 'node:fs/promises'
import { Fault } from '#kernel/fault.ts'
import type { HandheldIo } from './cli-io.ts'
import { type Options, pathOption } from './cli-options.ts'

/** The person does not want to go on. */
export class Cancelled extends Error {}

/** The secret of the option `name`, `flag` as it is typed. @throws Cancelled, Fault admin.usage */
export async function readSecret(
  io: HandheldIo,
  options: Options,
  { name, flag, question }: { readonly name: string; readonly flag: string; readonly question: string },
): Promise<string> {
  const file = pathOption(io, options, name)
  if (file !== undefined) return firstLine(file)
  if (!io.canAsk) throw new Fault('admin.usage', `no terminal to ask on: give ${flag}`)
  const secret = await io.askPassword(question)
  if (secret === null) throw new Cancelled()
  return secret
}

/** A secret that nobody knows yet: whoever types it types it twice. @throws Cancelled, Fault admin.usage */
export async function readNewSecret(
  io: HandheldIo,
  options: Options,
  asked: { readonly name: string; readonly flag: string; readonly question: string },
): Promise<string> {
  const secret = await readSecret(io, options, asked)
  if (pathOption(io, options, asked.name) !== undefined) return secret
  const again = await readSecret(io, options, { ...asked, question: `${asked.question}, again` })
  if (again !== secret) throw new Fault('admin.usage', 'the two passwords differ')
  return secret
}

/** Ends a command that was cancelled at a question as one. */
export async function orCancelled(io: HandheldIo, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error
    io.setExit('cancelled')
  }
}

async function firstLine(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).split(/\r?\n/)[0] ?? ''
  } catch (error) {
    throw new Fault('admin.usage', `the password file ${file} cannot be read`, error)
  }
}
