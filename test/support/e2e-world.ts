/** A whole Postkey with a site's mail server before it and a clock to turn, for tests of why activations stop. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { AdminSession, NewUserInput, PasswordTerms } from '#admin/admin.ts'
import { type ClockedPostkey, startWithClock } from './e2e-clock.ts'
import { type Site, startSite } from './e2e-site.ts'

export interface World {
  readonly postkey: ClockedPostkey
  readonly site: Site
  readonly admin: AdminSession
  /** Adds a user and returns a generated password. */
  user(address: string, terms?: PasswordTerms, more?: Omit<NewUserInput, 'address'>): Promise<string>
  newPassword(address: string, terms?: PasswordTerms): Promise<string>
}

export const minute = 60_000
/** In the form of a generated password, and none that is ever set. */
export const wrongPassword = 'wxyz-wxyz-wxyz'

export async function startWorld(t: TestContext, more: readonly string[] = []): Promise<World> {
  const site = await startSite(t)
  const set = [...site.set, 'relay.transactions_per_pin_hour=100', ...more]
  const postkey = await startWithClock(t, { set })
  site.deliverTo(postkey.ports.smtp)
  const admin = await postkey.admin()
  t.after(() => admin.close())
  const newPassword = async (address: string, terms?: PasswordTerms) => {
    const { password } = await admin.passwords.generate(address, terms)
    assert(password)
    return password
  }
  return {
    postkey,
    site,
    admin,
    newPassword,
    user: async (address, terms, more) => {
      await admin.users.add({ ...more, address })
      return newPassword(address, terms)
    },
  }
}

/** By what they show: what each proves on users of its own. */
export type Cases = Readonly<Record<string, (world: World, t: TestContext) => Promise<void>>>

/**
 * Runs `together` side by side in one world, then `inTurn` one after the other: those turn the server's clock, which
 * is everybody's.
 */
export function testCases(name: string, together: Cases, inTurn: Cases, more: readonly string[] = []): void {
  test(name, { concurrency: 4 }, async (t) => {
    const world = await startWorld(t, more)
    const timeout = 120_000
    await Promise.all(
      Object.entries(together).map(([what, prove]) => t.test(what, { timeout }, (t) => prove(world, t))),
    )
    for (const [what, prove] of Object.entries(inTurn)) {
      await t.test(what, { timeout }, (t) => prove(world, t))
      world.postkey.setClock(0)
    }
  })
}

/** The server knows of the request: the relay's word, or the mail itself, has come. */
export async function untilBegun({ admin }: World, address: string): Promise<void> {
  const stop = new AbortController()
  for await (const _ of admin.activations.watch({ of: address }, stop.signal)) {
    stop.abort()
    return
  }
}

/** Asks until it is so, for what tells nobody when it comes about; fails after ten seconds. */
export async function eventually(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const endMs = Date.now() + 10_000
  while (!(await isSo())) {
    assert.ok(Date.now() < endMs, `not so after ten seconds: ${what}`)
    await setTimeout(50)
  }
}
