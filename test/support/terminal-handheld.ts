/** The terminal handheld as a person has it: `postkey handheld …` in a directory of its own. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { HandheldView } from '#handheld/view.ts'
import { bin, type Postkey } from './postkey.ts'
import { type Started, start } from './process.ts'
import type { Scope } from './store.ts'

export interface TerminalHandheld {
  readonly dir: string
  /** Activates it; returns the texts of the screen. */
  activate(address: string, password: string): Promise<readonly string[]>
  /** Comes on the air, until `leave`; resolves when the program has taken the handheld. */
  stay(): Promise<void>
  leave(): Promise<void>
  /** All that it has printed while on the air. */
  said(): string
  screen(): Promise<HandheldView>
  /** Looks at the screen until it is so; fails after twenty seconds. */
  until(isSo: (view: HandheldView) => boolean, what: string): Promise<HandheldView>
  /** Types its own password; off the air meanwhile, since one process at a time works with it. */
  unlock(password: string): Promise<void>
  setPassword(password: string): Promise<void>
}

/** Whether this process works with the handheld: two at a time would use each number twice. */
function holds(dir: string, pid: number): boolean {
  return readdirSync(dir).some(
    (name) => name === 'lock' && readFileSync(join(dir, name), 'utf8') === String(pid),
  )
}

export function terminalHandheld(t: Scope, postkey: Postkey, name: string): TerminalHandheld {
  const dir = join(postkey.data, name)
  const settings = ['--set', `server.data_dir=${postkey.data}`]
  let running: Started | null = null
  let said = ''
  t.after(() => running?.stop())
  const typed = (text: string): string => {
    const path = join(postkey.data, `${name}.typed`)
    writeFileSync(path, `${text}\n`)
    return path
  }
  const cli = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await postkey.cli('handheld', ...args, '--dir', dir)
    assert.equal(code, 0, `handheld ${args[0]}: ${stdout}${stderr}`)
    return stdout
  }
  const screen = async () => JSON.parse(await cli('screen', '-o', 'json')) as HandheldView
  const stay = async () => {
    const mine = start(bin, [...settings, 'handheld', 'run', '--dir', dir], { cwd: postkey.data })
    running = mine
    for (let left = 200; !holds(dir, mine.pid); left -= 1) {
      assert.ok(left > 0, `the handheld does not run: ${mine.output()}`)
      await setTimeout(50)
    }
  }
  const leave = async () => {
    said += running?.output() ?? ''
    await running?.stop()
    running = null
  }
  const offTheAir = async (...args: readonly string[]) => {
    const wasThere = running !== null
    await leave()
    try {
      await cli(...args)
    } finally {
      if (wasThere) await stay()
    }
  }
  return {
    dir,
    activate: async (address, password) => {
      const out = await cli('activate', '--email', address, '--password-file', typed(password), '--yes')
      return out.trim().split('\n')
    },
    stay,
    leave,
    said: () => said + (running?.output() ?? ''),
    screen,
    until: async (isSo, what) => {
      const endMs = Date.now() + 20_000
      for (;;) {
        const view = await screen()
        if (isSo(view)) return view
        assert.ok(Date.now() < endMs, `not so after twenty seconds: ${what}\n${JSON.stringify(view)}`)
        await setTimeout(200)
      }
    },
    unlock: (password) => offTheAir('unlock', '--password-file', typed(password)),
    setPassword: (password) => offTheAir('set-password', '--new-file', typed(password)),
  }
}
