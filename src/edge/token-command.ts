/** Access tokens from a program of the administrator's: no shell, a time limit, a bounded answer. */
import { type ChildProcess, spawn } from 'node:child_process'
import { basename } from 'node:path'
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { decodeCommandOutput } from '#mailbox/token-answer.ts'
import type { FetchToken } from '#mailbox/token-cache.ts'

const runMsMax = 30_000
const outputBytesMax = 64 * 1024
const saidCharsMax = 120

/** @param command program and arguments, in which `{address}` stands for the user the token is for */
export function commandTokens(command: readonly string[], clock: Clock): FetchToken {
  return async (owner) => {
    const [program = '', ...args] = command.map((part) => filledIn(part, owner))
    const { stdout, problem } = await run(program, args, clock)
    const name = basename(program)
    if (problem !== null) throw new Fault('imap.token_unavailable', `${name} ${problem}`)
    const answer = decodeCommandOutput(stdout)
    if (answer.ok) return answer.value
    const { code, at } = answer.fault
    throw new Fault('imap.token_unavailable', `${name} printed no token (${at}: ${code})`)
  }
}

/** An address that begins with a dash would be taken for an option. */
function filledIn(part: string, owner: MailAddress | null): string {
  if (part.startsWith('{address}') && owner?.startsWith('-'))
    throw new Fault('imap.token_unavailable', `${owner} cannot be an argument`)
  return part.replaceAll('{address}', owner ?? '')
}

interface Outcome {
  readonly stdout: Uint8Array
  /** What went wrong, without a secret; null: it ended well. */
  readonly problem: string | null
}

function run(program: string, args: readonly string[], clock: Clock): Promise<Outcome> {
  return new Promise((resolve) => {
    // A process group of its own, so that what it starts ends with it.
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const stdout = collect(child, 'stdout', () => end('printed too much'))
    const stderr = collect(child, 'stderr', () => {})
    const cancel = clock.after(runMsMax, () => end(`did not end within ${runMsMax / 1000} s`))
    const end = (problem: string | null): void => {
      cancel()
      killGroup(child)
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve({ stdout: stdout(), problem })
    }
    child.once('error', (error) => end(`cannot be run: ${'code' in error ? error.code : error.name}`))
    child.once('close', (code, signal) => {
      if (code === 0) return end(null)
      const how = code === null ? `was ended by ${signal}` : `ended with ${code}`
      const said = withoutSecrets(stderr())
      end(said === '' ? how : `${how}: ${said}`)
    })
  })
}

/** What it writes, up to a limit; the rest is read and dropped, so that it can go on. */
function collect(child: ChildProcess, stream: 'stdout' | 'stderr', full: () => void): () => Uint8Array {
  const chunks: Buffer[] = []
  let bytes = 0
  child[stream]?.on('data', (chunk: Buffer) => {
    if (bytes + chunk.length > outputBytesMax) return full()
    chunks.push(chunk)
    bytes += chunk.length
  })
  child[stream]?.on('error', () => {})
  return () => new Uint8Array(Buffer.concat(chunks))
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended, with all that it started.
  }
}

/**
 * The first line of what it complains of, with every word left out that could be a secret: such as have a figure or
 * a sign in them or are long, and what follows the name of a secret.
 */
export function withoutSecrets(bytes: Uint8Array): string {
  const line = Buffer.from(bytes).toString('utf8').trim().split(/\r?\n/)[0] ?? ''
  let afterName = false
  const words = line.slice(0, saidCharsMax).split(/\s+/)
  return words
    .map((word) => {
      const plain = /^[(["']?[A-Za-z]{1,15}[.,:;!?)\]"']*$/.test(word)
      const hidden = !plain || afterName
      afterName =
        plain && /(?:token|secret|password|passphrase|key|bearer|basic|authorization)\W*$/i.test(word)
      return hidden && word !== '' ? '…' : word
    })
    .join(' ')
}
