/** Mails with passwords on their way to the mail server: put off, tried again, and never in each other's way. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { type InvitationParts, startInvitations } from '#agent/invitations.ts'
import { systemClock } from '#edge/system.ts'
import type { Letter } from '#invitation/compose.ts'
import { Fault } from '#kernel/fault.ts'
import { silentLog } from '#kernel/log.ts'
import type { MailOutcome, Message } from '#smtp-client/smtp-client.ts'
import { type Installation, openInstallation } from '../admin/installation.ts'

const [alice, bob] = ['alice@example.test', 'bob@example.test']

let site: Installation
beforeEach(async () => {
  site = openInstallation()
  for (const address of [alice, bob]) await site.admin.users.add({ address })
})
afterEach(() => site.close())

const message = ({ part, to, password }: Letter): Message => ({
  envelope: { from: 'it@example.test', to: [to] },
  text: `${part} ${password}`,
})

/** Runs the sender over what is queued until `count` mails were tried. */
async function handOn(
  answer: (message: Message) => MailOutcome,
  count: number,
  changed: Partial<InvitationParts> = {},
): Promise<Message[]> {
  const mails: Message[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const loop = startInvitations({
    store: site.store,
    vault: site.parts.vault,
    clock: { ...systemClock, nowMs: site.clock.nowMs },
    log: silentLog,
    failpoint: () => {},
    compose: message,
    send: async (_domain, one) => {
      mails.push(one)
      if (mails.length >= count) resolve()
      return answer(one)
    },
    ...changed,
  })
  await promise
  await loop.close()
  return mails
}

const accepted = (): MailOutcome => ({ kind: 'accepted', answer: '250 ok' })
const statesOf = async (address: string) =>
  (await site.admin.users.show(address)).mails.map(({ state, code, answer }) => [state, code, answer])

test('both mails are handed on, the password in its own alone, and it is erased then', async () => {
  await site.admin.passwords.send(alice)
  const mails = await handOn(accepted, 2)
  const texts = mails.map(({ text }) => String(text)).toSorted()
  assert.match(texts.join('\n'), /^instructions \npassword \w{4}-\w{4}-\w{4}$/)
  assert.deepEqual(await statesOf(alice), [
    ['sent', null, '250 ok'],
    ['sent', null, '250 ok'],
  ])
  assert.equal(await site.store.invitations.nextAtMs(), null)
})

test('a mail that meets a mistake of ours or a bad template is put off, and the others go', async () => {
  await site.admin.passwords.send(alice)
  await site.admin.passwords.send(bob)
  const compose = (letter: Letter): Message => {
    if (letter.address === alice && letter.part === 'password') throw new TypeError(`no ${letter.password}`)
    if (letter.address === alice) throw new Fault('invitation.template', 'en/instructions.txt')
    return message(letter)
  }
  await handOn(accepted, 2, { compose })
  assert.deepEqual(await statesOf(alice), [
    ['queued', 'invitation.template', 'en/instructions.txt'],
    ['queued', 'internal.invariant', ''],
  ])
  assert.deepEqual(
    (await statesOf(bob)).map(([state]) => state),
    ['sent', 'sent'],
  )
})

test('what is refused for good is not tried again', async () => {
  await site.admin.passwords.send(alice)
  await handOn(() => ({ kind: 'refused', answer: '550 no such user' }), 2)
  assert.equal(await site.store.invitations.nextAtMs(), null)
  assert.deepEqual((await statesOf(alice))[0], ['refused', 'invitation.refused', '550 no such user'])
})

test('under another storage key the password is put off, and nothing of it is sent', async () => {
  await site.admin.passwords.send(alice)
  const vault = { ...site.parts.vault, open: () => null }
  const mails = await handOn(accepted, 1, { vault })
  assert.deepEqual(
    mails.map(({ text }) => text),
    ['instructions '],
  )
  assert.deepEqual((await statesOf(alice))[1]?.slice(0, 2), ['queued', 'storage_key.wrong'])
})
