// `postkey doctor` beside a site's Postfix and Dovecot: a healthy round, and faults made for real.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Beside, startBeside } from '../support/beside.ts'
import {
  assertComplete,
  assertHealthy,
  assertNothingLeft,
  assertStoppedAt,
  assertTroubles,
  examine,
} from '../support/doctor.ts'
import type { MailUser } from '../support/dovecot.ts'
import { missingPeer } from '../support/peers.ts'
import { freePorts } from '../support/ports.ts'
import { type Postkey, startPostkey } from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'

const mailbox = (name: string): MailUser => ({ address: `${name}@example.test`, password: `${name}'s own` })
const canary = mailbox('canary')
const kept = mailbox('kept')
const junked = mailbox('junked')

/** What a site's spam filter does with mail it does not like. */
const filter = `require ["fileinto", "mailbox", "envelope"];
if envelope :is "to" "${junked.address}" { fileinto :create "Junk"; stop; }
`

const peers = missingPeer('dovecot', 'postfix', 'dovecot-sieve')

test('the doctor of a server beside Postfix and Dovecot', { skip: peers }, async (t) => {
  const beside = await startBeside(t, [canary, junked], [kept], { sieve: filter })
  // A mailbox comes into being with the first log-in.
  for (const user of [canary, kept, junked]) await beside.inbox(user)
  const data = temporaryDirectory(t)
  const serve = (t: TestContext, of: MailUser | null, ...more: string[]): Promise<Postkey> =>
    startPostkey(t, {
      data,
      set: [
        ...beside.set,
        'doctor.disk_free_mib=0',
        'doctor.canary_seconds=20',
        ...(of ? [`doctor.canary=${of.address}`] : []),
        ...more,
      ],
    })

  await t.test('a right that is missing is named, and so is the mail that had to stay', async (t) => {
    const postkey = await serve(t, kept)
    const examined = await examine(postkey)
    const missing = { health: 'attention', code: 'imap.no_right' } as const
    assertTroubles(
      examined,
      { ...missing, name: `rights on the mailbox of ${kept.address}` },
      { ...missing, name: "the canary's mail" },
    )
    assertComplete(examined)
    await postkey.stop()
  })

  await t.test('a canary that went to Junk is named with the folder, and is removed there', async (t) => {
    const postkey = await serve(t, junked)
    const examined = await examine(postkey)
    assertTroubles(examined, { name: 'in the mailbox', health: 'attention', code: 'mail.in_junk' })
    assert.match(examined.canary.find(({ name }) => name === 'in the mailbox')?.says ?? '', /\(Junk\)$/)
    assertComplete(examined)
    assert.equal(await mailsIn(beside, junked, 'Junk'), 0)
    await postkey.stop()
  })

  await t.test('where the agent does not look into Junk, the doctor does', async (t) => {
    const postkey = await serve(t, junked, 'imap.junk=', 'doctor.canary_seconds=5')
    const examined = await examine(postkey)
    assertTroubles(
      examined,
      { name: 'in the mailbox', health: 'attention', code: 'mail.in_junk' },
      { name: 'seen', health: 'broken', code: 'mail.not_read' },
    )
    assertStoppedAt(examined, 'seen')
    assert.equal(await mailsIn(beside, junked, 'Junk'), 0)
    await postkey.stop()
  })

  await t.test('a service password that is wrong is named; and where no canary can fly, why', async (t) => {
    const file = join(temporaryDirectory(t), 'wrong')
    writeFileSync(file, 'not this one\n', { mode: 0o600 })
    const postkey = await serve(t, null, `imap.password_file=${file}`)
    const examined = await examine(postkey)
    assertTroubles(
      examined,
      { name: 'IMAP log-in as postkey', health: 'broken', code: 'imap.login_failed' },
      { name: 'canary', health: 'attention', code: 'doctor.no_canary' },
    )
    assert.deepEqual(examined.canary, [])
    await postkey.stop()
  })

  await t.test('an IMAP server that is away is named, and the hop that needs it', async (t) => {
    const [closed] = await freePorts(1)
    const postkey = await serve(t, canary, `imap.port=${closed}`)
    const examined = await examine(postkey)
    const away = { code: 'imap.unreachable' } as const
    assertTroubles(
      examined,
      { ...away, health: 'broken', name: /^IMAP server 127\.0\.0\.1:\d+$/ },
      { ...away, health: 'broken', name: 'IMAP server' },
      { ...away, health: 'attention', name: "the canary's mail" },
      { ...away, health: 'broken', name: 'in the mailbox' },
    )
    assertStoppedAt(examined, 'in the mailbox')
    await postkey.stop()
  })

  await t.test('a healthy server is well, and nothing is left of this round or an earlier one', async (t) => {
    const postkey = await serve(t, canary)
    assert.equal(await mailsIn(beside, canary, 'INBOX'), 1, 'of the round before')
    assertHealthy(await examine(postkey))
    assert.equal(await mailsIn(beside, canary, 'INBOX'), 0)
    await postkey.stop()
    await assertNothingLeft(postkey)
  })
})

const mailsIn = (beside: Beside, of: MailUser, folder: string): Promise<number> =>
  beside.inInbox(of, async (imap) => (await imap.mailboxOpen(folder)).exists)
