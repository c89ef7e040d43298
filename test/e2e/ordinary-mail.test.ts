/** What is no activation mail of our relay stays in the mailbox as it was, and moves nothing at the server. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ed25519Key } from '#crypto/ed25519.ts'
import { sealEtp } from '#crypto/etp-seal.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { systemRandom } from '#edge/system.ts'
import type { ActivationId, MailAddress, RelayId } from '#kernel/brand.ts'
import { toHex } from '#kernel/bytes.ts'
import { encodeEtpBody, encodeEtpFile, encodeEtpRelayPart } from '#protocol/etp.ts'
import { assertActivates } from '../support/e2e-handheld.ts'
import { openMailbox } from '../support/e2e-mailbox.ts'
import { handOn } from '../support/e2e-site.ts'
import { type Postkey, startPostkey } from '../support/postkey.ts'
import { armour, exampleMail, filePart, mail, mailOf, multipart, textPart } from '../unit/agent/mails.ts'

const alice = 'alice@example.test'
const bob = 'bob@example.test'

const ordinary: Readonly<Record<string, Uint8Array>> = {
  'a letter': mail('From: a@example.test', 'To: alice@example.test', 'Subject: lunch', '', 'At noon?'),
  'a picture by the name of ETP.DAT': mailOf(
    multipart(textPart('A picture.'), filePart({}, new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]))),
  ),
  'a letter about activations': mail(
    'From: a@example.test',
    'Subject: Handheld activation request [MDAP 1 0011aabb]',
    'X-MDAP-Message: etp; v=1',
    '',
    'Is this how they look?',
  ),
  'a newsletter': mailOf('Content-Type: text/html\n\n<p>Only today.</p>'),
}

const isGone = (postkey: Postkey, address: string): Promise<string> =>
  postkey.process.waitFor(new RegExp(`(?=.*"mailbox":"${address}/INBOX").*mail was removed`))

async function ordinaryMailStays(t: TestContext, postkey: Postkey): Promise<void> {
  const admin = await postkey.admin()
  t.after(() => admin.close())
  await admin.users.add({ address: alice })
  const own = await openMailbox(t, postkey, alice)
  const [letter, picture, ...later] = Object.values(ordinary)
  assert(letter && picture)
  for (const raw of [letter, picture]) await handOn(postkey.ports.smtp, alice, Buffer.from(raw))
  await own.flag(1, '\\Seen \\Flagged $Work')
  for (const raw of later) await handOn(postkey.ports.smtp, alice, Buffer.from(raw))
  await own.append('Junk', letter)
  const before = { inbox: await own.look('INBOX'), junk: await own.look('Junk') }
  assert.equal(before.inbox.messages.length, 4)
  assert.equal(before.inbox.recent, 2)
  assert.match(before.inbox.messages[0] ?? '', /\\Flagged/)

  const { password } = await admin.passwords.generate(alice)
  await assertActivates(postkey, alice, password ?? '')
  await isGone(postkey, alice)
  assert.deepEqual({ inbox: await own.look('INBOX'), junk: await own.look('Junk') }, before)
}

interface Forgery {
  readonly raw: Uint8Array
  /** What the server's log says of it. */
  readonly why: string
}

/** A whole and fitting ETP.DAT for this address, under this seal. */
function forgedFile(
  address: string,
  seal: (body: Uint8Array, relayPart: Uint8Array) => Uint8Array,
): Uint8Array {
  const now = Math.floor(Date.now() / 1000)
  const relayId = 'localhost' as RelayId
  const body = encodeEtpBody({
    txn: toHex(systemRandom.bytes(16)) as ActivationId,
    address: address as MailAddress,
    relayId,
    createdAt: now,
    lifeSeconds: 3_600,
    kdfProfile: 1,
    shareP: nodeP256.multiplyBase(systemRandom.bytes(32)),
    offer: [1],
  })
  const relayPart = encodeEtpRelayPart({ relayId, mailedAt: now, routeToken: systemRandom.bytes(44) })
  return encodeEtpFile({ body, relayPart, seal: seal(body, relayPart) })
}

function forgeries(address: string): Readonly<Record<string, Forgery>> {
  const foreign = ed25519Key(systemRandom.bytes(32))
  const withFile = (file: Uint8Array) => mailOf(multipart(textPart('hello'), filePart({}, file)))
  const unsealed = forgedFile(address, () => new Uint8Array(64))
  return {
    'without a seal': { raw: withFile(unsealed), why: 'seal' },
    "under a stranger's seal": {
      raw: withFile(forgedFile(address, (body, relayPart) => sealEtp(foreign, body, relayPart))),
      why: 'seal',
    },
    'of another relay': { raw: exampleMail, why: 'seal' },
    'of another relay, in the text alone': {
      raw: mailOf(textPart(armour).replace('utf-8', 'us-ascii')),
      why: 'seal',
    },
    'cut short': { raw: withFile(unsealed.subarray(0, unsealed.length - 1)), why: 'truncated' },
  }
}

async function forgeriesChangeNothing(t: TestContext, postkey: Postkey): Promise<void> {
  const password = await postkey.addUser(bob)
  const admin = await postkey.admin()
  t.after(() => admin.close())
  const own = await openMailbox(t, postkey, bob)
  const forged = Object.values(forgeries(bob))
  for (const { raw } of forged) await handOn(postkey.ports.smtp, bob, Buffer.from(raw))
  const before = await own.look('INBOX')
  assert.equal(before.messages.length, forged.length)
  const isDropped = (uid: number, why: string) =>
    new RegExp(`(?=.*"mailbox":"${bob}")(?=.*"uid":${uid},)(?=.*"why":"${why}).*no request of our relay`)
  for (const [i, { why }] of forged.entries()) await postkey.process.waitFor(isDropped(i + 1, why))

  assert.deepEqual(await own.look('INBOX'), before)
  assert.deepEqual(await admin.activations.list({ of: bob }), [])
  const { password: view } = await admin.users.show(bob)
  assert.equal(view?.state, 'open')
  assert.equal(view.wrongTries, 0)
  await assertActivates(postkey, bob, password)
  await isGone(postkey, bob)
  assert.deepEqual(await own.look('INBOX'), before)
}

test('mail that is no request of our relay', { concurrency: true }, async (t) => {
  const postkey = await startPostkey(t)
  await Promise.all([
    t.test('stays untouched and unflagged through an activation, in the inbox and in Junk', (t) =>
      ordinaryMailStays(t, postkey),
    ),
    t.test('makes no activation, counts as no try and stays, where it pretends to be one', (t) =>
      forgeriesChangeNothing(t, postkey),
    ),
  ])
})
