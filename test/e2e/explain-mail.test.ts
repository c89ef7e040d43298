/** What can become of the mail on its way, each made for real: `activation explain` names it. */
import assert from 'node:assert/strict'
import { explain, untilExplained } from '../support/e2e-cli.ts'
import { assertActivates, press } from '../support/e2e-handheld.ts'
import { openMailbox } from '../support/e2e-mailbox.ts'
import { deadDomain, heldDomain, type SiteMail } from '../support/e2e-site.ts'
import { type Cases, testCases } from '../support/e2e-world.ts'
import { activate } from '../support/postkey.ts'

/** As a gateway leaves a mail whose attachment it does not like: the head is the same, the file is gone. */
function stripped({ to, raw }: SiteMail): SiteMail {
  const head = raw.toString('latin1').split('\r\n\r\n')[0] ?? ''
  const plain = head.replace(/^Content-Type:[^\r]*(\r\n[ \t][^\r]*)*/m, 'Content-Type: text/plain')
  assert.notEqual(plain, head)
  return { to, raw: Buffer.from(`${plain}\r\n\r\nAn attachment was removed by the mail gateway.\r\n`) }
}

const together: Cases = {
  'a mail that the mail server puts off (greylisting) is named with its words and the next try': async (
    world,
  ) => {
    const { postkey, site } = world
    const address = `grey@${heldDomain}`
    const password = await world.user(address)
    site.answer(address, { code: 451, text: '4.7.1 greylisted, try again later' })
    await press(postkey, address, password)
    const { explanation, timeline } = await untilExplained(
      postkey,
      address,
      'smtp.unreachable',
      'mail_server',
    )
    assert.match(explanation.says, /greylisted, try again later/)
    assert.ok((explanation.retryAtMs ?? 0) > Date.now())
    assert.deepEqual(
      timeline.map(({ name }) => name),
      [
        'user pressed Activate',
        'relay took the request',
        'relay mailed the request',
        'mail server put the mail off',
      ],
    )
    site.answer(address, null)
  },

  'a mail to a mailbox over quota is named with the words of its refusal': async (world) => {
    const { postkey, site } = world
    const address = `full@${heldDomain}`
    const password = await world.user(address)
    site.answer(address, { code: 552, text: '5.2.2 mailbox over quota' })
    assert.equal((await activate(postkey, address, password)).code, 2)
    const { explanation } = await untilExplained(postkey, address, 'smtp.refused', 'administrator')
    assert.match(explanation.says, /over quota/)
    site.answer(address, null)
    await assertActivates(postkey, address, password)
  },

  'a mail server that refuses connections is named': async (world) => {
    const { postkey } = world
    const address = `dead@${deadDomain}`
    const password = await world.user(address)
    await press(postkey, address, password)
    const { explanation } = await untilExplained(postkey, address, 'smtp.unreachable', 'mail_server')
    assert.match(explanation.says, /ECONNREFUSED/)
  },

  'a mail whose attachment was stripped is named, and the whole one then works': async (world) => {
    const { postkey, site } = world
    const address = `stripped@${heldDomain}`
    const password = await world.user(address)
    const mail = site.hold(address)
    const running = activate(postkey, address, password)
    await site.deliver(stripped(await mail.caught))
    await untilExplained(postkey, address, 'mail.stripped', 'administrator')
    await mail.release()
    assert.equal((await running).code, 0)
    assert.equal((await explain(postkey, address)).explanation.code, null)
  },

  'a mail that a filter put into the Junk folder is found there, and that is said': async (world, t) => {
    const { postkey, site } = world
    const address = `junk@${heldDomain}`
    const password = await world.user(address)
    const mail = site.hold(address)
    const running = activate(postkey, address, password)
    const { raw } = await mail.caught
    await (await openMailbox(t, postkey, address)).append('Junk', raw)
    assert.equal((await running).code, 0)
    const { remarks, timeline } = await explain(postkey, address)
    assert.deepEqual(
      remarks.map(({ code, turn }) => [code, turn]),
      [['mail.in_junk', 'administrator']],
    )
    assert.equal(timeline.find(({ name }) => name === 'mail in the mailbox')?.detail, `${address}/Junk`)
  },

  'a replayed mail counts once, and that is said': async (world) => {
    const { postkey, site } = world
    const address = `replayed@${heldDomain}`
    await assertActivates(postkey, address, await world.user(address))
    const mail = site.mails.find(({ to }) => to === address)
    assert(mail)
    await site.deliver(mail)
    for (let i = 0; i < 100 && (await explain(postkey, address)).remarks.length === 0; i += 1)
      await new Promise((resolve) => setTimeout(resolve, 100))
    const { remarks, explanation } = await explain(postkey, address)
    assert.deepEqual(
      remarks.map(({ code }) => code),
      ['mail.duplicate'],
    )
    assert.equal(explanation.code, null)
  },
}

testCases('what happens to the mail is named, with whose turn it is and since when', together, {})
