/** Passwords by mail: two mails to two readers, the code in one of them, a mail server that is away, a crash. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ParsedMail, simpleParser } from 'mailparser'
import { command, explain, untilExplained } from '../support/e2e-cli.ts'
import { activateUntil, assertActivates } from '../support/e2e-handheld.ts'
import { heldDomain, startSite } from '../support/e2e-site.ts'
import { eventually, testCases, type World } from '../support/e2e-world.ts'
import { restartPostkey, startPostkey } from '../support/postkey.ts'

const sender = [
  'invitation.from=it@example.test',
  'invitation.reply_to=helpdesk@example.test',
  'invitation.helpdesk=+44 20 7946 0000',
]
const codeIn = (mail: ParsedMail): string => /postkey:activate\?\S+/.exec(mail.text ?? '')?.[0] ?? ''
const passwordIn = (mail: ParsedMail): string => /^ {4}(\w{4}-\w{4}-\w{4})$/m.exec(mail.text ?? '')?.[1] ?? ''

async function caught(world: Pick<World, 'site'>, address: string): Promise<ParsedMail> {
  const { raw } = await world.site.hold(address).caught
  return simpleParser(raw)
}

const together = {
  'the instructions reach the user, the password somebody else, and the handheld takes the code of the mail':
    async (world: World, t: TestContext) => {
      const { postkey, admin, site } = world
      const address = `alice@${heldDomain}`
      await admin.users.add({ address, displayName: 'Alice <Liddell>' })
      const [told, secret] = [caught(world, address), caught(world, `boss@${heldDomain}`)]
      const sent = await command(
        postkey,
        'password',
        'send',
        address,
        '--to',
        `boss@${heldDomain}`,
        '--hours',
        '4',
      )
      assert.equal(sent.code, 0, sent.err)
      assert.match(sent.err, /The password for alice@held\.test will be mailed to boss@held\.test/)
      const [instructions, mail] = await Promise.all([told, secret])
      const password = passwordIn(mail)
      assert(password, mail.text)
      assert(!sent.out.includes(password) && !postkey.log().includes(password))
      for (const one of [instructions.text, instructions.html]) assert(!String(one).includes(password))
      assert.equal(mail.replyTo?.value[0]?.address, 'helpdesk@example.test')
      assert.equal(mail.attachments[0]?.contentType, 'image/png')
      assert.match(String(mail.html), /data:image\/png|cid:/)
      assert.match(String(instructions.html), /Alice &lt;Liddell&gt;/)
      await eventually(async () => {
        const { mails } = await admin.users.show(address)
        return mails.length === 2 && mails.every(({ state }) => state === 'sent')
      }, 'the mail server has both')
      // From now on the mailbox gets its mail: the relay's comes through.
      await site.hold(address).release()
      const [dir, codeFile] = [join(postkey.data, 'with-code'), join(postkey.data, 'code')]
      writeFileSync(codeFile, codeIn(mail), { mode: 0o600 })
      const { code, stdout, stderr } = await postkey.cli(
        'handheld',
        'activate',
        '--code-file',
        codeFile,
        '--dir',
        dir,
      )
      assert.equal(code, 0, `${stdout}${stderr}`)
      assert.match(stdout, /Activation Complete/)
      t.diagnostic(stdout.split('\n').at(-2) ?? '')
    },

  'the embedded mail server takes both mails, and the one in the mailbox is no request': async ({
    postkey,
    admin,
  }: World) => {
    const address = 'embedded@example.test'
    await admin.users.add({ address })
    const { password } = await admin.passwords.generate(address, { send: {} })
    assert(password)
    await eventually(
      async () => (await admin.users.show(address)).mails.every(({ state }) => state === 'sent'),
      'both are stored',
    )
    await assertActivates(postkey, address, password)
    assert.equal((await admin.activations.list({ of: address })).length, 1)
  },

  'a mail server that is away is named, with its words, and gets the mail when it is back': async (
    world: World,
  ) => {
    const { postkey, admin, site } = world
    const address = `away@${heldDomain}`
    await admin.users.add({ address })
    site.answer(address, { code: 451, text: 'come back later' })
    await admin.passwords.send(address)
    const { explanation } = await untilExplained(postkey, address, 'invitation.put_off', 'mail_server')
    assert.match(explanation.says, /451 come back later/)
    assert(explanation.retryAtMs)
    assert.match(
      (await command(postkey, 'user', 'show', address)).out,
      /not yet taken by the mail server: 451/,
    )
    site.answer(address, null)
    const mails = await Promise.all([caught(world, address)])
    assert.equal(mails.length, 1)
    await eventually(
      async () => (await admin.users.show(address)).mails.every(({ state }) => state === 'sent'),
      'both were tried again',
    )
    assert.equal((await explain(postkey, address)).explanation.code, null)
  },

  'a mail that is refused for good is said so, and a closed password is not mailed any more': async ({
    postkey,
    admin,
    site,
  }: World) => {
    const address = `refused@${heldDomain}`
    await admin.users.add({ address })
    site.answer(address, { code: 550, text: 'no such user' })
    await admin.passwords.send(address)
    await untilExplained(postkey, address, 'invitation.refused', 'administrator')
    site.answer(address, { code: 451, text: 'later' })
    await admin.passwords.send(address)
    await untilExplained(postkey, address, 'invitation.put_off', 'mail_server')
    await admin.passwords.revoke(address)
    const { mails } = await admin.users.show(address)
    assert.deepEqual(
      mails.map(({ state }) => state),
      ['withdrawn', 'withdrawn'],
    )
  },

  'a password that begins later is told to come later, and works then': async (world: World) => {
    const { postkey, admin } = world
    const address = 'later@example.test'
    const notBeforeMs = Date.now() + 6_000
    const password = await world.user(address, { notBeforeMs, hours: 1 })
    await activateUntil(postkey, address, password, 5)
    const early = await untilExplained(postkey, address, 'grant.not_yet', 'user')
    assert.equal(early.explanation.retryAtMs, notBeforeMs)
    assert.equal((await admin.users.show(address)).password?.expiresAtMs, notBeforeMs + 3_600_000)
    await eventually(async () => Date.now() >= notBeforeMs, 'the password has begun')
    await assertActivates(postkey, address, password)
  },

  'explain names the rule of the access list that decided, and check says so before': async (
    world: World,
  ) => {
    const { postkey, admin } = world
    const address = 'ruled@example.test'
    const password = await world.user(address)
    await admin.access.deny('Widgets')
    await admin.access.allow('Widgets 7')
    const outcome = await activateUntil(postkey, address, password, 16, { device: { model: 'Widgets 8' } })
    assert(outcome.pin)
    const { explanation } = await untilExplained(postkey, address, 'proof.not_allowed', 'administrator')
    assert.match(explanation.says, /maker "widgets"/)
    const checked = await command(postkey, 'access', 'check', outcome.pin, 'Widgets', '8')
    assert.match(checked.out, /may not activate: maker "widgets" decides/)
    await assertActivates(postkey, address, password, { device: { model: 'Widgets 7 Pro' } })
  },

  'many users get theirs from a file, again only those who have none, and the file is gone on with': async (
    world: World,
  ) => {
    const { postkey, admin } = world
    const names = ['one', 'two', 'three'].map((name) => `bulk-${name}@example.test`)
    for (const address of names) await admin.users.add({ address })
    const [csv, output] = [join(postkey.data, 'bulk.csv'), join(postkey.data, 'bulk-out.csv')]
    writeFileSync(csv, `address,pin\n${names[0]},2100AB3F\nnobody@example.test,\n${names[1]},\n`)
    const generate = (...more: string[]) => command(postkey, 'password', 'generate', '--csv', csv, ...more)
    const first = await generate('--output', output)
    assert.equal(first.code, 1)
    assert.match(first.err, /2 issued, 0 kept, 1 set aside/)
    assert.equal((await generate('--output', output)).code, 1, 'it is not overwritten')
    assert.equal((await admin.users.show(names[0] ?? '')).password?.boundTo, '2100AB3F')
    writeFileSync(csv, `${names.join('\n')}\n`)
    const resumed = await generate('--output', output, '--resume')
    assert.match(resumed.err, /2 users had a row[\s\S]*1 issued, 0 kept, 0 set aside/)
    assert.match((await generate()).err, /0 issued, 3 kept, 0 set aside/)
    const password = new RegExp(`^${names[2]},([\\w-]+),`, 'm').exec(readFileSync(output, 'utf8'))?.[1]
    assert(password)
    await assertActivates(postkey, names[2] ?? '', password)
  },
}

testCases('passwords reach their users', together, {}, sender)

test('a server that is killed before it notes that a mail was taken sends the same mail again', async (t) => {
  const site = await startSite(t)
  const address = `crash@${heldDomain}`
  const set = [...site.set, ...sender]
  const before = await startPostkey(t, { set, failpoint: 'agent.before_invitation_commit' })
  const first = site.hold(address)
  const admin = await before.admin()
  await admin.users.add({ address })
  await admin.passwords.send(address)
  await before.process.exited
  await first.caught
  await restartPostkey(t, before, { set })
  await eventually(async () => site.mails.filter(({ to }) => to === address).length >= 3, 'mails came again')
  const parsed = await Promise.all(
    site.mails.filter(({ to }) => to === address).map(({ raw }) => simpleParser(raw)),
  )
  assert.equal(new Set(parsed.map(({ messageId }) => messageId)).size, 2)
  assert.equal(new Set(parsed.map(passwordIn).filter((one) => one !== '')).size, 1)
})
