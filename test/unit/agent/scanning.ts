// A scanner over the mail server in memory, and the mails it is tried on.

import type { TestContext } from 'node:test'
import { makeMailboxes } from '#agent/mailboxes.ts'
import type { FoundBy } from '#agent/news.ts'
import { makeScan } from '#agent/scan.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { ActivationId } from '#kernel/brand.ts'
import { inbox, type WatchedFolder } from '#mailbox/access.ts'
import type { MailServer } from '#mailbox/mailbox.ts'
import { makePool } from '#mailbox/pool.ts'
import { filePart, mail, mailOf, multipart, textPart } from './mails.ts'
import { alice, inboxName, type World } from './watching-world.ts'

export const dayMs = 86_400_000
export const name = inboxName(alice)
export const aliceInbox: WatchedFolder = { owner: alice, folder: inbox }
export const ordinary = mail('From: a@example.test', 'Subject: lunch', '', 'At noon?')
/** Activation mail that a gateway has taken every mark from. */
export const unmarked = mailOf(multipart(textPart('hello'), filePart()))

/** Notes the UIDs whose contents were fetched. */
export function counting(server: MailServer, fetched: number[]): MailServer {
  return {
    connect: async (login) => {
      const connection = await server.connect(login)
      return {
        ...connection,
        fetchRaw: (mailbox, message, bytesMax) => {
          fetched.push(message.uid)
          return connection.fetchRaw(mailbox, message, bytesMax)
        },
      }
    },
  }
}

export function scanner(t: TestContext, world: World, { removeAccepted = true } = {}) {
  const fetched: number[] = []
  const seen: ActivationId[] = []
  const server = counting(world.server, fetched)
  const pool = makePool({ server, connectionsMax: 1, clock: systemClock, random: systemRandom })
  const mailboxes = makeMailboxes(world.store.watches, { clock: systemClock, log: world.log })
  t.after(() => pool.close())
  t.after(() => mailboxes.close())
  const scanMany = makeScan(
    {
      ...world,
      pool,
      mailboxes,
      clock: systemClock,
      isLive: async (owner) => world.live.has(owner),
      isHinted: () => false,
    },
    { removeAccepted, onSeen: (txns) => seen.push(...txns) },
  )
  /** One mailbox alone; throws what it failed with. */
  const scan = async (watched: WatchedFolder, foundBy: FoundBy): Promise<void> => {
    let failure: unknown = null
    await scanMany([{ watched, foundBy }], (_, error) => {
      failure = error
    })
    if (failure !== null) throw failure
  }
  return { scan, scanMany, fetched, seen, mailboxes }
}

export const cursor = async ({ store }: World, folder = inbox) => {
  const watch = await store.watches.find(alice, folder)
  return watch && [watch.uidValidity, watch.nextUid]
}
