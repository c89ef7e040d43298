/** A mail server that refuses, fails and lies: it is named, it costs nobody else anything, and nothing grows. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { explain, untilExplained } from '../support/e2e-cli.ts'
import { press } from '../support/e2e-handheld.ts'
import { heldDomain } from '../support/e2e-site.ts'
import { eventually, startWorld, type World } from '../support/e2e-world.ts'
import { type FakeImap, startFakeImap, type Vice } from '../support/fake-imap.ts'
import { activate, goodScreens, screensOf } from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'

const boxOf = (address: string): string => `user/${address}`

async function startBehind(t: TestContext, imap: FakeImap): Promise<World> {
  const passwordFile = join(temporaryDirectory(t), 'imap-password')
  writeFileSync(passwordFile, 'secret\n', { mode: 0o600 })
  return startWorld(t, [
    'imap.host=127.0.0.1',
    `imap.port=${imap.port}`,
    'imap.tls=none',
    `imap.password_file=${passwordFile}`,
    'imap.mailbox=user/{address}',
    'imap.junk=',
    // Mail reaches the mailboxes by this test's hand alone.
    'relay.smtp.host=127.0.0.1',
    'relay.smtp.tls=none',
    'agent.poll_seconds=1',
    'agent.connections=8',
  ])
}

/** Peak of the server's memory so far, in MB. */
const peakMb = (pid: number): number =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

test('a mail server that is not to be relied on', { timeout: 150_000 }, async (t) => {
  const imap = await startFakeImap(t)
  const world = await startBehind(t, imap)
  const { postkey, site } = world

  /** Whoever presses, the mail reaches the mailbox at once. */
  const mailsTo = async (address: string): Promise<void> => {
    const { raw } = await site.hold(address).caught
    imap.put(boxOf(address), raw)
  }
  const honest = async (address: string): Promise<void> => {
    const password = await world.user(address)
    const mailed = mailsTo(address)
    const outcome = await activate(postkey, address, password)
    await mailed
    assert.deepEqual(screensOf(outcome), goodScreens(address))
  }

  for (const [what, vice, code] of [
    ['a service account without the right to a mailbox is named', 'no_right', 'imap.no_right'],
    ['a mailbox that was renamed or moved away is named', 'missing', 'imap.no_mailbox'],
  ] as const)
    await t.test(what, async () => {
      const address = `${vice.replace('_', '-')}@${heldDomain}`
      imap.vice(boxOf(address), vice)
      const password = await world.user(address)
      const mailed = mailsTo(address)
      await press(postkey, address, password)
      await mailed
      await untilExplained(postkey, address, code, 'administrator')
    })

  const vices: readonly Vice[] = ['uidvalidity', 'endless', 'uids', 'size', 'silent', 'bye', 'injection']
  await t.test('hostile IMAP server: seven ways to lie, and the next user still gets in', async () => {
    const hostile = (vice: Vice) => `${vice}@${heldDomain}`
    for (const vice of vices) {
      imap.vice(boxOf(hostile(vice)), vice)
      await world.user(hostile(vice))
      const size = vice === 'size' ? 5_000_000 : 100
      imap.put(boxOf(hostile(vice)), Buffer.from(`Subject: [MDAP 1 0a0a0a0a]\r\n\r\n${'x'.repeat(size)}`))
    }
    await eventually(
      async () => vices.every((vice) => imap.opened(boxOf(hostile(vice))) > 0),
      'the server has looked into each',
    )
    await honest(`honest@${heldDomain}`)
    const health = await world.admin.status()
    const named = health.checks.filter(({ code }) => code?.startsWith('imap.')).map(({ name }) => name)
    for (const vice of ['endless', 'bye'] as const)
      assert.ok(
        named.some((name) => name.includes(hostile(vice))),
        `${vice} is named: ${named.join(', ')}`,
      )
    assert.ok(imap.poured() < 2 ** 30, `${imap.poured()} bytes of a literal without end were read`)
    const peak = peakMb(postkey.process.pid)
    t.diagnostic(`peak memory of the server: ${peak.toFixed(0)} MB`)
    assert.ok(peak < 512, `${peak} MB`)
  })

  await t.test('a mail server that hangs up is named', async () => {
    const address = `bye@${heldDomain}`
    const password = await world.newPassword(address)
    const mailed = mailsTo(address)
    await press(postkey, address, password)
    await mailed
    await untilExplained(postkey, address, 'imap.unreachable', 'mail_server')
  })

  await t.test(
    'hostile IMAP server: a mailbox with a new UIDVALIDITY each time still lets its user in',
    async () => {
      const address = `uidvalidity@${heldDomain}`
      const password = await world.newPassword(address)
      const mailed = mailsTo(address)
      const outcome = await activate(postkey, address, password)
      await mailed
      assert.equal(outcome.code, 0)
      assert.equal((await explain(postkey, address)).explanation.code, null)
    },
  )
})
