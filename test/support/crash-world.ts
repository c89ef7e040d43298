/** Servers that die at a named point and start again on the same data, with a handheld that goes through it all. */
import assert from 'node:assert/strict'
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { memoryStorage } from '#handheld/storage.ts'
import { assertOnce } from './crash-checks.ts'
import { activate, restartPostkey, startPostkey } from './postkey.ts'
import type { Started } from './process.ts'
import { temporaryDirectory } from './store.ts'

export const alice = 'alice@example.test'

/** A data directory to copy: keys are made and users wait, so that each crash begins in a moment. */
export interface Template {
  readonly data: string
  readonly passwords: ReadonlyMap<string, string>
}

const reachedWithinMs = 60_000
/** A crash costs little but waiting: for processes to start, and for the handheld to dial again. */
export const manyCrashes = { concurrency: 3, timeout: 600_000 } as const

/** Lets a server run once; `users` have an activation password each. */
export async function makeTemplate(t: TestContext, users: readonly string[] = [alice]): Promise<Template> {
  const postkey = await startPostkey(t)
  const passwords = new Map<string, string>()
  for (const user of users) passwords.set(user, await postkey.addUser(user))
  await postkey.stop()
  return { data: postkey.data, passwords }
}

export async function copyData(t: TestContext, template: Template): Promise<string> {
  const data = join(temporaryDirectory(t), 'data')
  await mkdir(data)
  await cp(template.data, data, { recursive: true })
  return data
}

export function passwordOf({ passwords }: Template, user: string): string {
  const password = passwords.get(user)
  assert(password, `${user} has no password in the template`)
  return password
}

/** One test with a part for each point: the whole server dies there during an activation, which then completes. */
export function testServerCrashes(name: string, points: readonly string[]): void {
  test(name, manyCrashes, async (t) => {
    const template = await makeTemplate(t)
    await eachPoint(t, points, (s, point) => crashServer(s, template, point))
  })
}

export async function eachPoint(
  t: TestContext,
  points: readonly string[],
  crash: (t: TestContext, point: string) => Promise<void>,
): Promise<void> {
  await Promise.all(points.map((point) => t.test(`killed at ${point}`, (s) => crash(s, point))))
}

async function crashServer(t: TestContext, template: Template, point: string): Promise<void> {
  const doomed = await startPostkey(t, { data: await copyData(t, template), failpoint: point })
  const storage = memoryStorage()
  const activation = activate(doomed, alice, passwordOf(template, alice), { storage })
  await diesAt(doomed.process, point)
  const postkey = await restartPostkey(t, doomed)
  await assertOnce({ postkey, outcome: await activation, saved: await storage.load(), user: alice })
}

/** Resolves when the process has killed itself at `point`. */
export async function diesAt(doomed: Started, point: string): Promise<void> {
  await doomed.waitFor(new RegExp(`^failpoint ${point} reached$`), reachedWithinMs)
  assert.deepEqual(await doomed.exited, { code: null, signal: 'SIGKILL' })
}
