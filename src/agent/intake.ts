/** Takes what a scan found: each file whose seal verifies becomes an event, and the cursor moves with it. */
import type { EtpRequest, MailFacts, Standing } from '#activation/event.ts'
import { verifyEtpSeal } from '#crypto/etp-seal.ts'
import { sha256 } from '#crypto/hash.ts'
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { toHex } from '#kernel/bytes.ts'
import { decodeEtpBody, decodeEtpFile, decodeEtpRelayPart } from '#protocol/etp.ts'
import type { User } from '#store/users.ts'
import type { Cursor } from '#store/watches.ts'
import type { AgentEnv } from './domain.ts'
import { raise, standingOf } from './raise.ts'

/** One mail in which a scan found files that begin like an ETP.DAT. */
export interface FoundMail {
  readonly uid: number
  readonly receivedAtMs: number
  readonly foundBy: MailFacts['foundBy']
  readonly files: readonly Uint8Array[]
}

export interface FoundBatch {
  /** The main address of the mailbox's user. */
  readonly owner: MailAddress
  readonly folder: string
  /** Where reading goes on once the batch is taken. */
  readonly cursor: Cursor
  readonly mails: readonly FoundMail[]
}

/** A mail whose seal verified, and the activation it names. */
export interface AcceptedMail {
  readonly uid: number
  readonly txn: ActivationId
}

/** `accepted`: mails that may be deleted, each once; `seen`: every activation that was named. */
export interface TakenBatch {
  readonly accepted: readonly AcceptedMail[]
  readonly seen: readonly ActivationId[]
}

interface Sealed {
  readonly txn: ActivationId
  readonly request: EtpRequest
  readonly mail: MailFacts
}

/**
 * Commits the batch's events, the cursor with the last of them; throws where the store could not. Null, and nothing is
 * done, where the user was removed meanwhile: whoever gets the address next has the mail in front of them.
 */
export async function takeBatch(env: AgentEnv, batch: FoundBatch): Promise<TakenBatch | null> {
  const sealed = batch.mails.flatMap((mail) =>
    mail.files.flatMap((file) => {
      const read = readSealed(env, batch, mail, file)
      return read ? [read] : []
    }),
  )
  const user = await env.store.users.byAddress(batch.owner)
  if (!user) return null
  env.failpoint('agent.before_intake_commit')
  for (const [i, one] of sealed.entries()) {
    const also = i === sealed.length - 1 ? { cursor: batch.cursor } : {}
    await raiseSeen(env, user, one, also)
  }
  if (sealed.length === 0) await env.store.watches.move([batch.cursor], env.clock.nowMs())
  env.failpoint('agent.after_intake_commit')
  const accepted = new Map(sealed.map(({ mail, txn }) => [mail.uid, { uid: mail.uid, txn }]))
  return { accepted: [...accepted.values()], seen: sealed.map(({ txn }) => txn) }
}

/** Null, without a word to anybody, for whatever the relay has not sealed: no counter moves, no curve is touched. */
function readSealed(env: AgentEnv, batch: FoundBatch, mail: FoundMail, bytes: Uint8Array): Sealed | null {
  const drop = (why: string): null => {
    env.log.info({ mailbox: batch.owner, uid: mail.uid, why }, 'a mail was no request of our relay')
    return null
  }
  const file = decodeEtpFile(bytes)
  if (!file.ok) return drop(file.fault.at)
  if (!verifyEtpSeal(env.domain.sealKeys(), file.value.body, file.value.relayPart, file.value.seal))
    return drop('seal')
  const body = decodeEtpBody(file.value.body)
  if (!body.ok) return drop(body.fault.at)
  const relayPart = decodeEtpRelayPart(file.value.relayPart)
  if (!relayPart.ok) return drop(relayPart.fault.at)
  const { relayId } = env.domain
  if (body.value.relayId !== relayId || relayPart.value.relayId !== relayId) return drop('relay id')
  const request: EtpRequest = {
    address: body.value.address,
    bodyHash: toHex(sha256(file.value.body)),
    body: toHex(file.value.body),
    token: toHex(relayPart.value.routeToken),
    pressedAtMs: body.value.createdAt * 1000,
    lifeMs: body.value.lifeSeconds * 1000,
    mailedAtMs: relayPart.value.mailedAt * 1000,
    profile: body.value.kdfProfile,
    offer: body.value.offer,
    ...(body.value.kemKey ? { kem: true } : {}),
  }
  const { uid, receivedAtMs, foundBy } = mail
  return {
    txn: body.value.txn,
    request,
    mail: { mailbox: `${batch.owner}/${batch.folder}`, uid, receivedAtMs, foundBy },
  }
}

async function raiseSeen(
  env: AgentEnv,
  user: User,
  sealed: Sealed,
  also: { cursor?: Cursor },
): Promise<void> {
  const { txn, request, mail } = sealed
  const newest = await env.store.users.newestGrant(user.id)
  const hasRecord = newest ? await env.store.users.hasRecord(newest.grant.id, request.address) : false
  const standing: Standing = {
    ...standingOf(newest, hasRecord),
    ...(user.disabled ? { disabled: true } : {}),
  }
  const { recorded } = await raise(
    env,
    txn,
    () => ({ kind: 'etp_seen', request, mail, standing, terms: env.domain.terms, atMs: env.clock.nowMs() }),
    also,
    user.id,
  )
  env.log.info(
    { activation: txn, user: user.address, foundBy: mail.foundBy, recorded },
    'a request was found',
  )
}
