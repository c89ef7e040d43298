// Programs that tests start: their output, waiting for a line of it, and stopping them by pid.

import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as after } from 'node:timers/promises'

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ProcessOptions {
  readonly cwd?: string
  /** Replaces the environment; without it the child has ours. */
  readonly env?: NodeJS.ProcessEnv
  /** Written to standard input, which is then closed. */
  readonly input?: string | Uint8Array
}

export interface Started {
  readonly pid: number
  /** Settles when the process is gone; never rejects. */
  readonly exited: Promise<Exit>
  /** Standard output and error as they came, the last mebibyte. */
  output(): string
  /** The first line of output that matches, past or future. Rejects when the process ends or time is up. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<string>
  /** SIGTERM, after `graceMs` SIGKILL to its process group; returns when it is gone. */
  stop(graceMs?: number): Promise<Exit>
}

export interface Finished extends Exit {
  readonly stdout: string
  readonly stderr: string
}

const outputCharsMax = 1024 * 1024
const running = new Set<ChildProcess>()

// A test that ends without `stop` takes its servers along; for one that is killed `guard` does it.
process.on('exit', () => {
  for (const child of running) signalGroup(child, 'SIGKILL')
})

/** Starts a long-running program in a process group of its own; it ends with us, even when we are killed. */
export function start(command: string, args: readonly string[], options: ProcessOptions = {}): Started {
  const child = spawnLeader(command, args, options)
  const exited = exitOf(child)
  guard(child, exited)
  let text = ''
  const watchers = new Set<() => void>()
  const take = (chunk: string): void => {
    text = (text + chunk).slice(-outputCharsMax)
    for (const look of watchers) look()
  }
  child.stdout?.setEncoding('utf8').on('data', take)
  child.stderr?.setEncoding('utf8').on('data', take)
  child.on('error', (error) => take(`${command}: ${error.message}\n`))
  return {
    pid: child.pid ?? -1,
    exited,
    output: () => text,
    waitFor: (pattern, timeoutMs = 10_000) =>
      lineOf({ pattern, timeoutMs, command, output: () => text, watchers, exited }),
    stop: (graceMs = 3000) => stopChild(child, exited, graceMs),
  }
}

/** Runs a program to its end. A program that can't be started or takes too long rejects, any exit code is a result. */
export async function run(
  command: string,
  args: readonly string[],
  options: ProcessOptions & { readonly timeoutMs?: number } = {},
): Promise<Finished> {
  const child = spawnLeader(command, args, options)
  const collected = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    collected.stdout += chunk
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    collected.stderr += chunk
  })
  const failed = new Promise<never>((_, reject) => child.on('error', reject))
  const timeoutMs = options.timeoutMs ?? 30_000
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), timeoutMs)
  try {
    const exit = await Promise.race([exitOf(child), failed])
    if (exit.signal === 'SIGKILL')
      throw new Error(`${command} was killed, at the latest after ${timeoutMs} ms`)
    return { ...exit, ...collected }
  } finally {
    clearTimeout(timer)
  }
}

function spawnLeader(command: string, args: readonly string[], options: ProcessOptions): ChildProcess {
  const child = spawn(command, args, {
    detached: true,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  })
  running.add(child)
  // A program that ends before it has read its input is not our error.
  child.stdin?.on('error', () => undefined).end(options.input)
  return child
}

/**
 * A shell that reads from us: a line when the program has ended, or the end of the pipe when we died first; then it
 * ends the program's group. The kernel's parent-death signal won't do: Postfix changes its user and so loses it.
 */
function guard(child: ChildProcess, exited: Promise<Exit>): void {
  if (child.pid === undefined) return
  const script = 'read -r _ || { kill -s TERM -- "-$1"; sleep 2; kill -s KILL -- "-$1"; } 2>/dev/null'
  const watcher = spawn('/bin/sh', ['-c', script, 'guard', String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.on('error', () => undefined).unref()
  watcher.stdin.on('error', () => undefined)
  void exited.then(() => watcher.stdin.end('ended\n'))
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
      running.delete(child)
      resolve({ code, signal })
    }
    child.on('close', settle)
    child.on('error', () => child.pid === undefined && settle(null, null))
  })
}

interface LineWanted {
  readonly pattern: RegExp
  readonly timeoutMs: number
  readonly command: string
  readonly output: () => string
  readonly watchers: Set<() => void>
  readonly exited: Promise<Exit>
}

async function lineOf(wanted: LineWanted): Promise<string> {
  const find = (): string | undefined =>
    wanted
      .output()
      .split('\n')
      .find((line) => wanted.pattern.test(line))
  const stop = new AbortController()
  let look = (): void => undefined
  const seen = new Promise<string>((resolve) => {
    look = () => {
      const line = find()
      if (line !== undefined) resolve(line)
    }
  })
  wanted.watchers.add(look)
  look()
  const timeUp = after(wanted.timeoutMs, undefined, { signal: stop.signal }).then(
    () => fail(wanted, `said nothing like ${wanted.pattern} for ${wanted.timeoutMs} ms`),
    () => fail(wanted, 'is no longer waited for'),
  )
  const ended = wanted.exited.then((exit) => find() ?? fail(wanted, `ended with ${exit.signal ?? exit.code}`))
  timeUp.catch(() => undefined)
  ended.catch(() => undefined)
  try {
    return await Promise.race([seen, ended, timeUp])
  } finally {
    stop.abort()
    wanted.watchers.delete(look)
  }
}

function fail(wanted: LineWanted, what: string): never {
  throw new Error(`${wanted.command} ${what}\n${wanted.output().slice(-4000)}`)
}

async function stopChild(child: ChildProcess, exited: Promise<Exit>, graceMs: number): Promise<Exit> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs)
  try {
    return await exited
  } finally {
    clearTimeout(timer)
  }
}

// The negative pid is the group that `detached` made: the program and what it started, nothing else.
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It is gone already.
  }
}
