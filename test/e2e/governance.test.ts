/** An administrator governs a handheld from the command line, and the terminal handheld obeys, from its first day to its last. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { QueueItemView } from '#admin/policy/views.ts'
import { command } from '../support/e2e-cli.ts'
import { eventually } from '../support/e2e-world.ts'
import { goodScreens, startPostkey } from '../support/postkey.ts'
import { terminalHandheld } from '../support/terminal-handheld.ts'

const alice = 'alice@example.test'

test('policies, books, locks and wipes reach the terminal handheld, and each step is seen from the command line', async (t) => {
  const postkey = await startPostkey(t)
  const password = await postkey.addUser(alice)
  const phone = terminalHandheld(t, postkey, 'phone')
  const ask = async (...argv: readonly string[]): Promise<string> => {
    const { code, out, err } = await command(postkey, ...argv)
    assert.equal(code, 0, `${argv.join(' ')}: ${err}`)
    return out
  }
  const json = async <T>(...argv: readonly string[]): Promise<T> =>
    JSON.parse(await ask(...argv, '-o', 'json')) as T
  const queue = (...more: readonly string[]) => json<QueueItemView[]>('queue', 'list', '--all', ...more)
  const untilDone = (id: number) =>
    eventually(
      async () => (await json<QueueItemView>('queue', 'show', String(id))).state === 'done',
      `item ${id}`,
    )

  let pin = ''
  await t.test('the handheld activates and stays', async () => {
    assert.deepEqual(await phone.activate(alice, password), goodScreens(alice))
    pin = (await json<{ pin: string }[]>('handheld', 'list'))[0]?.pin ?? ''
    assert.match(pin, /^[0-9A-F]{8}$/)
  })

  await t.test(
    'what is changed while it is off the air waits with a reason, and reaches it when it is back',
    async () => {
      await ask('policy', 'create', 'strict')
      await ask(
        'policy',
        'set',
        'strict',
        'password_min_length=6',
        'allow_browser=false',
        '--note',
        'the audit',
      )
      const tried = await ask('policy', 'set', 'strict', 'password_min_length=12', '--dry-run')
      assert.match(tried, /Would change strict, 1 rule/)
      await ask('policy', 'assign', 'strict', '--user', alice)
      await eventually(async () => (await queue()).some(({ state }) => state === 'out'), 'the policy is out')
      const policy = (await queue()).find(({ kind }) => kind === 'policy')
      const books = (await queue()).find(({ kind }) => kind === 'books')
      assert.equal(books?.waitsFor, policy?.id, 'books wait for the policy')
      await eventually(
        async () => /relay holds it/.test(await ask('queue', 'show', String(policy?.id))),
        'the relay holds the policy',
      )
      const shown = await ask('queue', 'show', String(policy?.id))
      assert.match(shown, /policy\.not_acknowledged/)
      assert.match(shown, /turn +handheld/)
      await phone.stay()
      await untilDone(policy?.id ?? 0)
      await untilDone(books?.id ?? 0)
      const preview = await ask('policy', 'preview', pin, 'password_min_length')
      assert.match(preview, /password_min_length +6 +strict +assigned to the user/)
      assert.match(preview, /it has what it should have/)
    },
  )

  await t.test(
    'the handheld shows the rules and obeys: no short password, no book without its service',
    async () => {
      await assert.rejects(phone.setPassword('short'), /too short/)
      await phone.setPassword('longenough')
      const { details } = await phone.screen()
      const rule = details?.policy?.rules.find(({ name }) => name === 'password_min_length')
      assert.deepEqual([rule?.value, rule?.obeyed], [6, true])
      assert.deepEqual(
        details?.books.map(({ cid }) => cid),
        ['CMIME', 'CICAL', 'SYNC', 'ALP'],
      )
    },
  )

  await t.test('a book is taken away and given back, and the whole set is sent again', async () => {
    const has = (cid: string) =>
      phone.until(
        ({ details }) => details?.books.some((book) => book.cid === cid) === true,
        `${cid} is there`,
      )
    await ask('book', 'remove', pin, 'cical')
    await phone.until(
      ({ details }) => details?.books.every((book) => book.cid !== 'CICAL') === true,
      'the calendar book is gone',
    )
    assert.match(await ask('book', 'list', pin), /\[CICAL\] +Calendar +taken away/)
    await ask('book', 'restore', pin, 'CICAL')
    await has('CICAL')
    const { code, err } = await command(postkey, 'book', 'remove', pin, 'CMIME')
    assert.equal(code, 2)
    assert.match(err, /book\.needed/)
    await ask('book', 'resend', pin)
    await eventually(
      async () =>
        (await queue()).filter(({ state }) => state !== 'done' && state !== 'replaced').length === 0,
      'nothing waits any more',
    )
  })

  await t.test(
    'a policy goes back to an earlier revision, and its history says who changed what',
    async () => {
      await ask('policy', 'restore', 'strict', '1')
      // Other rules for passwords: the handheld locks, and looks at the password when it is typed next.
      await phone.until(({ locked }) => locked, 'it has locked itself')
      await phone.unlock('longenough')
      await phone.until(
        ({ details }) => details?.books.some(({ cid }) => cid === 'BrowserConfig') === true,
        'the browser is back',
      )
      const history = await ask('policy', 'history', 'strict')
      assert.match(history, /Revision 3.*as revision 1/)
      assert.match(history, /Revision 2.*the audit/)
    },
  )

  await t.test('a lock sets a new password and says whose the handheld is', async () => {
    await postkey.cli('handheld', 'owner-text', pin, 'Acme, please')
    await phone.until(({ ownerText }) => ownerText === 'Acme, please', 'the owner text is there')
    const admin = await postkey.admin()
    await admin.handhelds.lock(pin, { password: 'fromtheadmin', ownerText: 'Call Acme' })
    const locked = await phone.until(({ locked: is }) => is, 'it is locked')
    assert.deepEqual([locked.ownerText, locked.details], ['Call Acme', null])
    await assert.rejects(phone.unlock('longenough'))
    await phone.unlock('fromtheadmin')
    assert.equal((await phone.screen()).locked, false)
    assert(!postkey.log().includes('fromtheadmin'), 'the password is in no line of the log')
    await admin.close()
  })

  await t.test(
    'a delayed wipe is taken back; one at once leaves nothing, and the handheld activates again',
    async () => {
      const wipe = await json<QueueItemView>('handheld', 'wipe', pin, '--after', '60', '--yes')
      await untilDone(wipe.id)
      assert((await phone.screen()).details?.wipe)
      const back = await json<QueueItemView>('handheld', 'cancel-wipe', pin)
      await untilDone(back.id)
      assert.equal((await phone.screen()).details?.wipe, null)
      await ask('handheld', 'wipe', pin, '--yes')
      await eventually(async () => (await ask('handheld', 'list')).includes('wiped'), 'the account has ended')
      await phone.until(({ stage }) => stage === 'idle', 'the handheld is empty')
      await phone.leave()
      const left = readdirSync(phone.dir).map((name) => readFileSync(join(phone.dir, name), 'latin1'))
      for (const secret of [alice, 'Acme', 'strict', 'CMIME', 'fromtheadmin'])
        assert(!left.some((text) => text.includes(secret)), `${secret} is still on the disk`)
      const issued = await json<{ password: string }>('password', 'generate', alice)
      assert.deepEqual(await phone.activate(alice, issued.password), goodScreens(alice))
      assert.equal((await phone.screen()).pin, pin, 'it is the same handheld')
    },
  )

  await t.test(
    'another handheld takes its place, and what the old one sends is refused with a code',
    async () => {
      const other = terminalHandheld(t, postkey, 'other')
      const issued = await json<{ password: string }>('password', 'generate', alice)
      await other.activate(alice, issued.password)
      const listed = await json<{ pin: string; state: string }[]>('handheld', 'list')
      assert.deepEqual(listed.map(({ state }) => state).toSorted(), ['active', 'replaced'])
      assert.match(await ask('activation', 'explain', pin), /handheld\.replaced/)
      const removed = listed.find(({ state }) => state === 'active')?.pin ?? ''
      await ask('handheld', 'remove', removed, '--yes')
      const { err } = await command(postkey, 'handheld', 'lock', removed)
      assert.match(err, /handheld\.not_active/)
    },
  )

  await t.test('all of it is in the audit log, whose chain holds', async () => {
    const listed = await ask('audit', 'list', '--limit', '500')
    for (const act of [
      'policies.change',
      'policies.assign',
      'books.remove',
      'handhelds.lock',
      'handhelds.wipe',
    ])
      assert(listed.includes(act), `${act} is in the log`)
    assert(!listed.includes('fromtheadmin'))
    await ask('audit', 'verify')
  })
})
