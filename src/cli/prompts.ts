/** Questions on a terminal. They go to standard error, so that standard output holds the answer alone. */
import * as clack from '@clack/prompts'
import { fromUtf8 } from '#kernel/bytes.ts'
import type { Prompts } from './deps.ts'
import { Cancelled, type Run, usage } from './run.ts'
import type { Terminal } from './terminal.ts'

const typedBytesMax = 4_096

export function clackPrompts({ stdin, stderr }: Terminal): Prompts {
  const where = { input: stdin, output: stderr }
  const answered = <T>(value: T | symbol): T | null => (typeof value === 'symbol' ? null : value)
  return {
    password: async (message) => answered<string>(await clack.password({ message, ...where })),
    text: async (message) => answered<string>(await clack.text({ message, ...where })),
    confirm: async (message) =>
      answered<boolean>(await clack.confirm({ message, initialValue: false, ...where })),
  }
}

export const promptsOf = (run: Run): Prompts => run.deps.prompts ?? clackPrompts(run.terminal)

/** Asks before something is lost. Without a terminal only `--yes` consents. */
export async function consent(run: Run, yes: boolean, question: string): Promise<void> {
  if (yes) return
  if (!run.terminal.canAsk) throw usage('not asked on a terminal: add --yes')
  if (!(await promptsOf(run).confirm(question))) throw new Cancelled()
}

/** A password that is known already, asked for once. */
export async function readOnePassword(run: Run, what: string): Promise<string> {
  if (!run.terminal.canAsk) return firstLine(run)
  const typed = await promptsOf(run).password(what)
  if (typed === null) throw new Cancelled()
  return typed
}

/** What a password is asked for: whoever may not do it types none in vain. */
export interface PasswordUse {
  readonly operation: string
  /** Whom or what it is done to. */
  readonly on: string
}

/**
 * A password typed twice on a terminal, or the first line of standard input.
 * @throws Fault admin.not_allowed before anything is asked
 */
export async function readPassword(run: Run, what: string, { operation, on }: PasswordUse): Promise<string> {
  if (!run.terminal.canAsk) return firstLine(run)
  await run.admin((admin) => admin.mayDo(operation, on))
  const prompts = promptsOf(run)
  const first = await prompts.password(what)
  const second = first === null ? null : await prompts.password(`${what}, again`)
  if (first === null || second === null) throw new Cancelled()
  if (first !== second) throw usage('the two passwords differ')
  return first
}

async function firstLine({ terminal }: Run): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of terminal.stdin) {
    const part = Buffer.from(chunk)
    bytes += part.length
    if (bytes > typedBytesMax) throw usage(`standard input holds more than ${typedBytesMax} bytes`)
    chunks.push(part)
  }
  const text = fromUtf8(new Uint8Array(Buffer.concat(chunks)))
  if (text === null) throw usage('standard input is not UTF-8')
  return text.split(/\r?\n/)[0] ?? ''
}
