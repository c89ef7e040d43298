/** A service manager's notify socket: what a daemon tells of itself, in order. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { debianPython } from './peers.ts'
import { type Scope, temporaryDirectory } from './store.ts'

export interface Told {
  readonly atMs: number
  /** `READY=1`, `STATUS=…`. */
  readonly assignments: readonly string[]
}

export interface NotifySocket {
  /** NOTIFY_SOCKET. */
  readonly path: string
  readonly told: readonly Told[]
  /** Resolves with the first message from `from` on that has this assignment, past or future. */
  waitFor(pattern: RegExp, from?: number, timeoutMs?: number): Promise<Told>
}

export async function startNotifySocket(t: Scope): Promise<NotifySocket> {
  const path = join(temporaryDirectory(t), 'notify')
  const script = join(import.meta.dirname, 'notify-socket.py')
  const child = spawn(debianPython, [script, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.stdin.end())
  const told: Told[] = []
  const watchers = new Set<() => void>()
  const lines = createInterface({ input: child.stdout })
  const listening = new Promise<void>((resolve) => lines.once('line', () => resolve()))
  await listening
  lines.on('line', (line) => {
    told.push({ atMs: performance.now(), assignments: JSON.parse(line) as string[] })
    for (const look of watchers) look()
  })
  return {
    path,
    told,
    waitFor: (pattern, from = 0, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const stop = () => {
          watchers.delete(look)
          clearTimeout(timer)
        }
        const look = () => {
          const found = told
            .slice(from)
            .find(({ assignments }) => assignments.some((one) => pattern.test(one)))
          if (!found) return
          stop()
          resolve(found)
        }
        const timer = setTimeout(() => {
          stop()
          reject(new Error(`nobody told ${pattern}: ${JSON.stringify(told)}`))
        }, timeoutMs)
        watchers.add(look)
        look()
      }),
  }
}
