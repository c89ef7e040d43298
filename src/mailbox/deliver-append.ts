/**
 * Into users' mailboxes by IMAP APPEND (RFC 3501 section 6.3.11): with the log-in and the names by which the agent
 * reaches them too. A mailbox that is not there is an unknown user, since APPEND makes none.
 */
import type { MailAddress } from '#kernel/brand.ts'
import { type Clock, sleep } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { inbox, type MailboxAccess, type MailboxPlace } from './access.ts'
import { awayFrom, type Deliverer, NotTaken } from './deliver.ts'
import type { MailboxConnection, MailLogin } from './mailbox.ts'
import type { Pool } from './pool.ts'

export interface AppendOptions {
  readonly pool: Pool
  readonly access: MailboxAccess
  readonly clock: Clock
  /** How long a mail waits for a connection; after that nothing is sent for it any more. */
  readonly stepMs: number
}

export function appendDeliverer({ pool, access, clock, stepMs }: AppendOptions): Deliverer {
  /** Work whose turn comes after its client was answered is not begun: the mail would come twice. */
  const inTime = async (login: MailLogin, work: (connection: MailboxConnection) => Promise<void>) => {
    const begun = new AbortController()
    let late = false
    const running = pool.use(login, async (connection) => {
      begun.abort()
      if (late) throw new Fault('imap.unreachable', 'its time was over')
      await work(connection)
    })
    running.catch(() => {})
    await Promise.race([running, sleep(clock, stepMs, begun.signal)])
    if (begun.signal.aborted) return running
    late = true
    throw new Fault('imap.unreachable', `no connection for ${stepMs / 1000} s`)
  }
  const known = makeRecent(clock)
  const placeOf = (owner: MailAddress): MailboxPlace => access.place({ owner, folder: inbox })
  const answered = async (place: MailboxPlace, work: (connection: MailboxConnection) => Promise<void>) => {
    try {
      await inTime(place.login, work)
    } catch (error) {
      if (
        place.login.as === 'user' &&
        (await isStranger(error, () => inTime({ as: 'service' }, async () => {})))
      )
        throw noUser(place.name, error)
      throw inAnswers(error, place.name)
    }
  }

  return {
    handsOn: true,
    accepts: async (address) => {
      if (known.has(address)) return
      const place = placeOf(address)
      await answered(place, (connection) => mustExist(connection, place.name, stepMs))
      known.add(address)
    },
    deliver: async ({ recipients, raw, nowMs }) => {
      for (const address of recipients) {
        const place = placeOf(address)
        known.remove(address)
        await answered(place, (connection) => connection.append(place.name, raw, nowMs))
        known.add(address)
      }
      return recipients.length
    },
    probe: async () => {
      try {
        await inTime({ as: 'service' }, async () => {})
      } catch (error) {
        throw awayFrom(error, 'imap.unreachable')
      }
    },
    close: pool.close,
  }
}

/** A mailbox that was there a moment ago is not asked for again: APPEND itself tells if it is gone. */
const knownMs = 60_000
const knownMax = 10_000

function makeRecent(clock: Clock) {
  const sinceMs = new Map<MailAddress, number>()
  return {
    has: (address: MailAddress): boolean =>
      (sinceMs.get(address) ?? Number.NEGATIVE_INFINITY) > clock.monotonicMs() - knownMs,
    remove: (address: MailAddress): void => void sinceMs.delete(address),
    add: (address: MailAddress): void => {
      sinceMs.delete(address)
      sinceMs.set(address, clock.monotonicMs())
      const [oldest] = sinceMs.keys()
      if (sinceMs.size > knownMax && oldest !== undefined) sinceMs.delete(oldest)
    },
  }
}

async function mustExist(connection: MailboxConnection, name: string, patienceMs: number): Promise<void> {
  for await (const statuses of connection.status([name], patienceMs))
    for (const status of statuses) if ('error' in status) throw new Fault(status.error, name)
}

/** A log-in on behalf of somebody was refused though the service account's own works: there is no such user. */
async function isStranger(error: unknown, tryService: () => Promise<void>): Promise<boolean> {
  if (!(error instanceof Fault) || error.code !== 'imap.login_failed') return false
  if (/UNAVAILABLE/i.test(responseCode(error))) return false
  return tryService().then(
    () => true,
    () => false,
  )
}

const noUser = (name: string, cause: unknown): NotTaken =>
  new NotTaken('delivery.no_user', { code: 550, text: '5.1.1 No such user here' }, name, cause)

/** Response codes of RFC 5530, RFC 7889 and RFC 9208 that say more than NO. */
function inAnswers(error: unknown, name: string): NotTaken {
  if (error instanceof NotTaken || !(error instanceof Fault)) return awayFrom(error, 'imap.unreachable')
  const code = responseCode(error)
  if (error.code === 'imap.no_mailbox' || /^(?:NONEXISTENT|TRYCREATE)$/i.test(code))
    return noUser(name, error)
  const answer = answers[code.toUpperCase()]
  if (answer)
    return new NotTaken(
      answer.code < 500 ? 'delivery.put_off' : 'delivery.refused',
      answer,
      error.detail,
      error,
    )
  return awayFrom(error, 'imap.unreachable')
}

const answers: Readonly<Record<string, { readonly code: number; readonly text: string }>> = {
  OVERQUOTA: { code: 452, text: '4.2.2 The mailbox is full' },
  APPENDLIMIT: { code: 552, text: '5.3.4 Message too big for this mailbox' },
  TOOBIG: { code: 552, text: '5.3.4 Message too big for this mailbox' },
  LIMIT: { code: 452, text: '4.3.1 The mail server has reached a limit' },
}

/** What the server said in brackets, where the fault came from its answer. */
function responseCode({ cause }: Fault): string {
  const code: unknown =
    typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'serverResponseCode') : ''
  return typeof code === 'string' ? code : ''
}
