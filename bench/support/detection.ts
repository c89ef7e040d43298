/** How soon the agent has read a mail that is in a mailbox, by what tells it. */
import { setTimeout as after } from 'node:timers/promises'
import { startWatching, type Watching, type WatchingOptions } from '#agent/watching.ts'
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { deliverByLmtp } from '../../test/contract/lmtp.ts'
import { exampleMail } from '../../test/unit/agent/mails.ts'
import { nothingElse as allOff } from '../../test/unit/agent/watching-world.ts'
import type { MailSite } from './many-mailboxes.ts'
import { quantile } from './part.ts'
import { agentParts } from './watch-agent.ts'

export interface Detection {
  readonly options: Partial<WatchingOptions>
  /** Users who may activate. */
  readonly live: readonly MailAddress[]
  readonly mails: number
  /** Longest pause between two mails, in milliseconds. */
  readonly pauseMsMax: number
  /** Whom to tell that the mail is there, as the relay or the mail server would. */
  tell(watching: Watching, owner: MailAddress): void
}

export interface Detected {
  /** Milliseconds from a mail's being in the mailbox to its being read, one for each mail that was found. */
  readonly delaysMs: readonly number[]
  readonly missed: number
  /** How long the looks at the counters took meanwhile, each. */
  readonly passesMs: readonly number[]
}

/** Everything but the safety pass at the start is switched off, and mail stays. */
export const nothingElse: WatchingOptions = {
  ...allOff,
  connectionsMax: 4,
  scanIntervalMs: 900_000,
  removeAccepted: false,
}
const txn = '00'.repeat(16) as ActivationId
/** A mail that is not found by then is missed. */
const givenUpMs = 60_000

export const hinted = (watching: Watching, owner: MailAddress): void => watching.hint(owner, txn)
export const pushed = (watching: Watching, owner: MailAddress): void => watching.pushed(owner)

/** @param random between 0 and 1 */
export async function detect(site: MailSite, detection: Detection, random: () => number): Promise<Detected> {
  const agent = agentParts(site.dovecot, site.owners, detection.live)
  const watching = startWatching(agent.parts, { ...nothingElse, ...detection.options })
  try {
    await allLookedAt(watching, site.owners.length)
    // What was there before counts for nothing.
    agent.found.length = 0
    agent.passesMs.length = 0
    const put = new Map<MailAddress, number>()
    const owners = detection.live.length > 1 ? detection.live : site.owners
    for (let sent = 0; sent < detection.mails; sent += 1) {
      const owner = owners[(sent * 7_919) % owners.length] as MailAddress
      if (put.has(owner)) continue
      // By the server's own delivery agent: its lists tell of nothing else.
      await deliverByLmtp(site.dovecot.lmtpPort, owner, exampleMail)
      put.set(owner, performance.now())
      detection.tell(watching, owner)
      await after(random() * detection.pauseMsMax)
    }
    const deadlineMs = performance.now() + givenUpMs
    while (agent.found.length < put.size && performance.now() < deadlineMs) await after(20)
    const delaysMs = agent.found.map(({ owner, atMs }) => atMs - (put.get(owner) ?? Number.NaN))
    return { delaysMs, missed: put.size - agent.found.length, passesMs: [...agent.passesMs] }
  } finally {
    await watching.close()
    await agent.close()
  }
}

export async function allLookedAt(watching: Watching, many: number): Promise<void> {
  for (;;) {
    const { watched, neverLooked } = watching.mailboxState()
    const { news, scanning } = watching.poolStats()
    if (watched === many && neverLooked + news + scanning === 0) return
    await after(10)
  }
}

export const p50 = (delaysMs: readonly number[]): number => quantile(delaysMs, 0.5)
