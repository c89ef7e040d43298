// Dovecot's push hook: what it says, that a Postkey which is away or slow never keeps a mail, and that Postkey reads
// at once what was announced.

import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { createTransport } from 'nodemailer'
import { deliverByLmtp } from '../contract/lmtp.ts'
import { type BesideDovecot, startBeside } from '../support/beside.ts'
import { type Dovecot, type MailUser, startDovecot } from '../support/dovecot.ts'
import { eventually } from '../support/e2e-world.ts'
import { assertFound, scanOnly } from '../support/each-watch.ts'
import { startHookDouble } from '../support/hook-double.ts'
import { scrape } from '../support/metrics.ts'
import { missingPeer } from '../support/peers.ts'
import { freePorts } from '../support/ports.ts'
import { activate, goodScreens, type Postkey, screensOf, startPostkey } from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'

const mailbox = (name: string): MailUser => ({ address: `${name}@example.test`, password: `${name}'s own` })
const users = Array.from({ length: 20 }, (_, i) => mailbox(`user${i}`))
const [alice = mailbox('none'), bob = mailbox('none')] = users
const mail = Buffer.from('From: <a@b.test>\r\nSubject: hello\r\n\r\nhi\r\n')

/** How long a delivery may wait for Postkey (push.conf), and what the machine may need beside that under load. */
const waitMs = 250
const slackMs = 2_000
/** After a try in vain nobody is told for so long (push.lua). */
const quietMs = 5_000

const peers = missingPeer('dovecot')

test("Dovecot's push hook", { skip: peers }, async (t) => {
  const double = await startHookDouble(t)
  const dovecot = await startDovecot({ users, push: { url: double.url, tokenFile: tokenIn(t, 'sesame\n') } })
  t.after(() => dovecot.stop())
  await deliver(dovecot, alice)

  await t.test('names user, folder, UIDVALIDITY and UID before LMTP says 250', async () => {
    const before = double.heard.length
    await deliver(dovecot, alice)
    const [heard, ...more] = double.heard.slice(before)
    assert(heard && more.length === 0)
    assert.equal(heard.headers.authorization, 'Bearer sesame')
    const { uidvalidity, ...hint } = JSON.parse(heard.body) as Record<string, unknown>
    assert.deepEqual(hint, { user: alice.address, mailbox: 'INBOX', uid: 2 })
    assert(Number.isInteger(uidvalidity) && Number(uidvalidity) > 0)
  })

  await t.test('says nothing twice, and leaves nothing out', async (t) => {
    const [before, beforeMs]: [number, number[]] = [double.heard.length, []]
    for (let i = 0; i < 100; i += 1) {
      await deliver(dovecot, alice)
      beforeMs.push(performance.now() - (double.heard.at(-1)?.atMs ?? 0))
    }
    const uids = double.heard.slice(before).map(({ body }) => (JSON.parse(body) as { uid: number }).uid)
    assert.deepEqual(
      uids,
      Array.from({ length: 100 }, (_, i) => i + 3),
    )
    const sorted = beforeMs.toSorted((a, b) => a - b)
    t.diagnostic(`heard before LMTP's 250 came: p50 ${sorted[50]?.toFixed(1)} ms, all 100`)
  })

  await t.test('a Postkey that hangs costs one delivery a bounded time, and no mail', async (t) => {
    double.answer(null)
    const first = await deliver(dovecot, bob)
    const second = await deliver(dovecot, bob)
    t.diagnostic(`hanging: 250 after ${first.toFixed(0)} ms, then after ${second.toFixed(0)} ms`)
    assert(first >= waitMs && first < waitMs + slackMs, `${first} ms`)
    await after(quietMs + 1_000)
    const all = await deliverToAll(dovecot)
    t.diagnostic(`hanging: 250 for each of ${users.length} recipients of one mail after ${all.toFixed(0)} ms`)
    assert(all < users.length * waitMs + slackMs, `${all} ms`)
    assert.match(dovecot.logTail(200), /postkey push: answer \d+ from http/)
  })

  await t.test('one that refuses, and one that is away, cost no mail', async (t) => {
    for (const away of [() => double.answer(401), double.close]) {
      away()
      await after(quietMs + 1_000)
      const tookMs = await deliver(dovecot, bob)
      t.diagnostic(`refused or away: 250 after ${tookMs.toFixed(0)} ms`)
      assert(tookMs < waitMs + slackMs, `${tookMs} ms`)
    }
    assert.match(dovecot.logTail(200), /postkey push: answer 401 from/)
    assert.doesNotMatch(dovecot.logTail(200), /sesame/, 'the token is in no log')
  })
})

test('Postkey reads at once what the push hook announces', {
  skip: missingPeer('dovecot', 'postfix'),
}, async (t) => {
  const tokenFile = tokenIn(t, 'open sesame\n'.replace(' ', '-'))
  const [port = 0] = await freePorts(1)
  const push = { url: `http://127.0.0.1:${port}/hooks/mail`, tokenFile }
  const beside = await startBeside(t, users, [], { push })
  // A mailbox comes into being with the first log-in.
  for (const user of [alice, bob]) await beside.inbox(user)
  const serve = (t: TestContext, ...more: string[]): Promise<Postkey> =>
    startPostkey(t, {
      set: [...beside.set, ...pushAlone, 'http.enabled=true', `http.port=${port}`, ...more],
    })

  await t.test('an activation is found by the hook alone, under any listed address', async (t) => {
    const postkey = await serve(t, `agent.push_token_file=${tokenFile}`)
    assert.equal(await says(postkey), 'ok: Not heard yet.')
    const outcome = await activate(postkey, alice.address, await postkey.addUser(alice.address))
    assert.deepEqual(screensOf(outcome), goodScreens(alice.address))
    await assertFound(postkey, alice.address, { ...scanOnly, foundBy: ['push'] })
    assert.match((await says(postkey)) ?? '', /^ok: Last heard \d+ s ago, \d+ times? in all\.$/)
    await t.test('a mail is looked for within moments of its delivery', () => measure(t, beside, postkey))
    await t.test('of strangers and other folders it takes no notice', async () => {
      const before = await scrape(postkey)
      for (const [user, folder] of [
        ['nobody@example.test', 'INBOX'],
        [alice.address, 'Archive'],
        [alice.address.split('@')[0], 'inbox'],
      ])
        assert.equal((await say(push.url, 'open-sesame', { user, mailbox: folder })).status, 204)
      await eventually(async () => {
        const now = await scrape(postkey)
        const by = (outcome: string) => {
          const series = `postkey_push_hints_total{outcome="${outcome}"}`
          return (now.get(series) ?? 0) - (before.get(series) ?? 0)
        }
        return by('unknown_user') === 1 && by('other_folder') === 1 && by('taken') === 1
      }, 'each hint is counted')
    })
    await postkey.stop()
  })

  await t.test('a token that is wrong is refused, and status and doctor say so', async (t) => {
    const postkey = await serve(t, `agent.push_token_file=${tokenIn(t, 'another\n')}`)
    await postkey.addUser(bob.address)
    await deliver(beside.dovecot, bob)
    assert.match((await says(postkey)) ?? '', /^attention push\.token: /)
    const { stdout } = await postkey.cli('doctor', '--no-canary')
    assert.match(stdout, /push\.token/)
    assert.doesNotMatch(postkey.log() + stdout, /open-sesame|another/)
    await postkey.stop()
  })
})

const pushAlone = ['agent.relay_hint=false', 'agent.idle=false', 'agent.poll_seconds=0']

/** Delivers one after the other, and prints how long after LMTP's 250 the agent had read each mail. */
async function measure(t: TestContext, { dovecot }: BesideDovecot, postkey: Postkey): Promise<void> {
  const readMs: number[] = []
  for (let i = 0; i < 50; i += 1) {
    const before = (await scrape(postkey)).get('postkey_scans_total{outcome="ok"}') ?? 0
    await deliver(dovecot, alice)
    const startMs = performance.now()
    while (((await scrape(postkey)).get('postkey_scans_total{outcome="ok"}') ?? 0) === before) {
      assert(performance.now() - startMs < 10_000, 'no scan came')
      await after(2)
    }
    readMs.push(performance.now() - startMs)
  }
  const sorted = readMs.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor(share * sorted.length)] ?? 0).toFixed(1)
  t.diagnostic(`read after LMTP's 250: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, all 50 found`)
}

/** What `status` says of the hook: health, code and words. */
async function says(postkey: Postkey): Promise<string | null> {
  const { checks } = await (await postkey.admin()).status()
  const check = checks.find(({ name }) => name === 'push hook')
  return check ? `${[check.health, check.code].filter((word) => word).join(' ')}: ${check.says}` : null
}

const say = (url: string, token: string, hint: object): Promise<Response> =>
  fetch(url, { method: 'POST', body: JSON.stringify(hint), headers: { authorization: `Bearer ${token}` } })

function tokenIn(t: TestContext, text: string): string {
  const file = join(temporaryDirectory(t), 'push-token')
  writeFileSync(file, text)
  chmodSync(file, 0o600)
  return file
}

/** Milliseconds until LMTP's 250. */
async function deliver({ lmtpPort }: Dovecot, { address }: MailUser): Promise<number> {
  const startMs = performance.now()
  await deliverByLmtp(lmtpPort, address, mail)
  return performance.now() - startMs
}

async function deliverToAll({ lmtpPort }: Dovecot): Promise<number> {
  const transport = createTransport({ host: '127.0.0.1', port: lmtpPort, lmtp: true, ignoreTLS: true })
  const startMs = performance.now()
  const { accepted } = await transport.sendMail({
    envelope: { from: '', to: users.map(({ address }) => address) },
    raw: mail,
  })
  transport.close()
  assert.equal(accepted.length, users.length)
  return performance.now() - startMs
}
