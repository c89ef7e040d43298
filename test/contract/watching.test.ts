// Watching over real IMAP, with the thread that reads mails: what the memory server cannot prove.

import assert from 'node:assert/strict'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startExtractor } from '#agent/extract-worker.ts'
import type { WatchingOptions, WatchingParts } from '#agent/watching.ts'
import { systemClock } from '#edge/system.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { authzidAccess, type MailboxAccess, namespaceAccess } from '#mailbox/access.ts'
import { imapMailServer } from '#mailbox/imap-mailbox.ts'
import { startDovecot } from '../support/dovecot.ts'
import { needPeer } from '../support/peers.ts'
import { etpFile, exampleMail, filePart, mailOf, multipart, textPart } from '../unit/agent/mails.ts'
import { address, alice, bob, makeWorld, txnOf, type World, watch } from '../unit/agent/watching-world.ts'
import { service, startEmbeddedMail } from './imap-server-embedded.ts'
import { deliverByLmtp } from './lmtp.ts'

const password = 'a user password'
const users = [alice, bob].map((address) => ({ address, password }))
const txn = txnOf(etpFile)
const unmarked = mailOf(multipart(textPart('hello'), filePart()))

interface Site {
  readonly world: World
  deliver(to: string, raw: Uint8Array): Promise<void>
  start(options: Partial<WatchingOptions>, access?: MailboxAccess): ReturnType<typeof watch>
}

function siteOf(
  t: TestContext,
  world: World,
  parts: Pick<WatchingParts, 'server' | 'access'>,
  deliver: Site['deliver'],
): Site {
  const extractor = startExtractor({ clock: systemClock })
  t.after(() => extractor.close())
  return {
    world,
    deliver,
    start: (options, access = parts.access) => watch(world, options, { ...parts, access, extractor }),
  }
}

async function embedded(t: TestContext): Promise<Site> {
  const world = makeWorld(t)
  const mail = await startEmbeddedMail(users)
  t.after(() => mail.stop())
  const server = imapMailServer(
    { host: '127.0.0.1', port: mail.imap.port, tls: 'none' },
    { user: service.name, password: service.password },
    systemClock,
  )
  return siteOf(t, world, { server, access: namespaceAccess('user/{address}') }, async (to, raw) => {
    await mail.deliver(to, raw)
  })
}

/** @param more users without a mailbox yet */
async function dovecot(t: TestContext, more: readonly MailAddress[] = []): Promise<Site | null> {
  if (!needPeer(t, 'dovecot')) return null
  const world = makeWorld(t)
  const peer = await startDovecot({ users: [...users, ...more.map((address) => ({ address, password }))] })
  t.after(() => peer.stop())
  const { user, pass } = peer.serviceAccount
  const server = imapMailServer(
    { host: '127.0.0.1', port: peer.imapPort, tls: 'none' },
    { user, password: pass },
    systemClock,
  )
  const deliver: Site['deliver'] = (to, raw) => deliverByLmtp(peer.lmtpPort, to, raw)
  // Dovecot makes a mailbox with its first mail.
  for (const { address } of users) await deliver(address, textMail)
  // As the how-to says it.
  await appendFile(join(peer.directory, 'etc/acl'), `all/${canary} user=${user} lrstei\n`)
  return siteOf(t, world, { server, access: namespaceAccess('all/{address}') }, deliver)
}

const canary = address('canary@example.test')
const textMail = mailOf(textPart('an ordinary mail'))
const sites = { 'the embedded server': embedded, Dovecot: dovecot }

for (const [name, start] of Object.entries(sites)) {
  test(`${name}: a hint that comes before the mail finds it soon after it is there`, async (t) => {
    const site = await start(t)
    if (!site) return
    const watching = await site.start({ relayHint: true })
    watching.hint(alice, txn)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await site.deliver(alice, unmarked)
    await site.world.until(() => site.world.taken.length > 0)
    assert.deepEqual(
      site.world.taken.map(({ foundBy, files }) => [foundBy, files.length]),
      [['hint', 1]],
    )
  })

  test(`${name}: IDLE tells of mail, and the mail is removed once it is taken`, async (t) => {
    const site = await start(t)
    if (!site) return
    const { world } = site
    world.live.add(bob)
    const watching = await site.start({ idleConnectionsMax: 2 })
    await world.until(() => watching.poolStats().idling === 1)
    // The pass at the start would find the mail as well, and so would the look at a user who may activate.
    await world.until(() => world.lines.some(({ message }) => /looked at for the first time/.test(message)))
    await world.until(() => watching.poolStats().news + watching.poolStats().scanning === 0)
    await site.deliver(bob, exampleMail)
    await world.until(() => world.taken.length > 0)
    assert.equal(world.taken[0]?.foundBy, 'idle')
    await world.until(async () => watching.poolStats().scanning === 0)
    assert.deepEqual(watching.mailboxState().notRemoved, [])
  })

  test(`${name}: the safety pass alone misses nothing`, async (t) => {
    const site = await start(t)
    if (!site) return
    const { world } = site
    await site.start({ scanIntervalMs: 100 })
    for (const to of [alice, bob, alice]) await site.deliver(to, exampleMail)
    await world.until(() => world.taken.length === 3)
    assert(world.taken.every(({ foundBy }) => foundBy === 'scan'))
  })

  test(`${name}: everybody is watched with a log-in for each user as well`, async (t) => {
    const site = await start(t)
    if (!site) return
    const { world } = site
    world.live.add(alice)
    await site.start({ scanIntervalMs: 60_000, pollMs: 50 }, authzidAccess())
    await site.deliver(alice, unmarked)
    await world.until(() => world.taken.length === 1)
  })
}

test('Dovecot: a mailbox that came into being after the agent had connected is watched by its next look', async (t) => {
  const others = Array.from({ length: 20 }, (_, i) => address(`other${i}@example.test`))
  const late = address('late@example.test')
  const site = await dovecot(t, [...others, late])
  if (!site) return
  const { world } = site
  for (const owner of others) await site.deliver(owner, textMail)
  world.served.push(...others)
  world.live.add(alice)
  const watching = await site.start({ pollMs: 100 })
  assert(watching.ladder().rungs.some(({ strategy, use }) => strategy === 'list_status' && use === 'used'))
  world.served.push(late)
  await world.grantsChanged()
  await site.deliver(late, exampleMail)
  await world.until(() => world.taken.length > 0)
  assert.deepEqual(
    world.taken.map(({ foundBy }) => foundBy),
    ['scan'],
  )
})

test('Dovecot: a canary proves each way of watching, and leaves nothing behind', async (t) => {
  const others = Array.from({ length: 20 }, (_, i) => address(`other${i}@example.test`))
  const site = await dovecot(t, [...others, canary])
  if (!site) return
  for (const owner of [...others, canary]) await site.deliver(owner, textMail)
  site.world.served.push(...others)
  const watching = await site.start({ canary, idleConnectionsMax: 1 })
  const proved = () =>
    watching.ladder().rungs.flatMap(({ strategy, says }) => (/ after \d+ ms/.test(says) ? strategy : []))
  await site.world.until(() => proved().includes('idle'))
  assert.deepEqual(proved(), ['list_status', 'idle'])
  assert.equal(watching.ladder().rungs.find(({ strategy }) => strategy === 'status')?.use, 'spare')
  assert.equal(watching.ladder().canaryRefused, null)
})
