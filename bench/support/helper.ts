/** Programs the benchmarks start: helpers of their own that speak by messages, and Postkey as a user runs it. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { AdminSession } from '#admin/admin.ts'
import { connectAdmin } from '#admin/socket/client.ts'

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

export interface Helper {
  /** Sends a message and resolves with the answer; one at a time. */
  ask<T>(message: unknown): Promise<T>
  /** The first message, said when it was ready. */
  readonly ready: unknown
  stop(): Promise<void>
}

/** Starts a file of this folder in a process of its own and waits until it has said that it is ready. */
export async function startHelper(file: URL, ...args: readonly string[]): Promise<Helper> {
  const child = fork(file, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced' })
  const answer = async (): Promise<unknown> => {
    const ended = new AbortController()
    const gone = once(child, 'exit', { signal: ended.signal }).then(() => {
      throw new Error(`${file.pathname} ended`)
    })
    gone.catch(() => {})
    try {
      const [message] = await Promise.race([once(child, 'message'), gone])
      return message
    } finally {
      ended.abort()
    }
  }
  running.add(child)
  const ready = await answer()
  return {
    ready,
    ask: async <T>(message: unknown) => {
      const answered = answer()
      child.send(message as object)
      return (await answered) as T
    },
    stop: () => stop(child),
  }
}

/** For the helper's side: says that it is ready, and ends with the bench, however that ends. */
export function sayReady(ready: unknown): void {
  for (const event of ['disconnect', 'SIGTERM'] as const) process.once(event, () => process.exit())
  process.send?.(ready)
}

export interface Postkey {
  readonly data: string
  readonly pid: number
  readonly ports: { readonly smtp: number; readonly imap: number; readonly relay: number }
  readonly admin: AdminSession
  /** Peak of its memory so far, in KiB, as the kernel counts it. */
  peakKib(): number
  stop(): Promise<void>
}

const root = join(import.meta.dirname, '..', '..')
const freePorts = ['smtp.port=0', 'imap_server.port=0', 'imap_server.tls_port=0', 'relay.port=0']

/** `bin/postkey COMMAND` with data and settings of its own, its log in a file as a service would have it. */
export async function startPostkey(command: string, own: readonly string[] = []): Promise<Postkey> {
  const data = temporaryDirectory()
  const settings = [`server.data_dir=${data}`, ...freePorts, ...own].flatMap((value) => ['--set', value])
  const logPath = join(data, 'bench.log')
  const log = openSync(logPath, 'a')
  const child = spawn(join(root, 'bin', 'postkey'), [...settings, command], {
    cwd: data,
    stdio: ['ignore', log, log],
    ...(process.env.BENCH_NODE_OPTIONS
      ? { env: { ...process.env, NODE_OPTIONS: process.env.BENCH_NODE_OPTIONS } }
      : {}),
  })
  running.add(child)
  const ports = portsOf(await lineOf(logPath, child))
  const admin = await connectAdmin(join(data, 'admin.sock'))
  if (!admin || child.pid === undefined) throw new Error('nobody answers on the admin socket')
  const { pid } = child
  return {
    data,
    pid,
    ports,
    admin,
    peakKib: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
    stop: async () => {
      await admin.close()
      await stop(child)
      rmSync(data, { recursive: true, force: true })
    },
  }
}

export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'postkey-bench-'))

async function lineOf(path: string, child: ChildProcess): Promise<string> {
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 25) {
    const line = /^Postkey is running.*$/m.exec(readFileSync(path, 'utf8'))
    if (line) return line[0]
    if (child.exitCode !== null) break
    await setTimeout(25)
  }
  throw new Error(`Postkey did not start: ${readFileSync(path, 'utf8').slice(-2_000)}`)
}

function portsOf(line: string): Postkey['ports'] {
  const port = (name: string) => Number(new RegExp(`${name} (\\d+)`).exec(line)?.[1] ?? 0)
  return { smtp: port('SMTP'), imap: port('IMAP'), relay: port('relay') }
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null
  child.kill('SIGTERM')
  const timer = globalThis.setTimeout(() => child.kill('SIGKILL'), 5_000)
  await ended
  clearTimeout(timer)
  running.delete(child)
}
