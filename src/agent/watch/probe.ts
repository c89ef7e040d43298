/**
 * Proves the ways of watching with a mail of its own: what a server promises and what it does are two things. A mail
 * is put into the canary's mailbox now and then, and each way must tell of it in time.
 */
import type { MailAddress } from '#kernel/brand.ts'
import { utf8 } from '#kernel/bytes.ts'
import { sleep } from '#kernel/clock.ts'
import { type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import type { MailboxConnection, MailboxCounters } from '#mailbox/mailbox.ts'
import { lookAtOne } from '#mailbox/one-look.ts'
import { type Loop, makeLoop } from '../loop.ts'
import type { CounterLook } from './choose.ts'
import { inboxOf, type WatchContext } from './context.ts'

export interface Probe {
  /** Why the last canary could not be put into its mailbox; null: it could, or none was tried. */
  refused(): FaultCode | null
  close(): Promise<void>
}

const everyMs = 3_600_000
/** After a reconnect it may be another server, or another version. */
const afterReconnectMs = 5_000
const inTimeMs = 10_000
/** Dovecot beyond its inotify limit looks every 30 s: that is not waiting, and looking is better. */
const idleInTimeMs = 5_000
const lookEveryMs = 200
/** Of the mailbox that nobody uses; what an earlier probe had to leave is among them. */
const mailsMax = 100

const subject = 'Postkey watch canary'
const mail = (owner: MailAddress): Uint8Array =>
  utf8(`From: Postkey <${owner}>\r\nTo: ${owner}\r\nSubject: ${subject}\r\n\r\nSafe to delete.\r\n`)

export function startProbe(context: WatchContext, canary: MailAddress): Probe {
  const { clock, log, pool } = context
  let dueAtMs = clock.monotonicMs()
  let lost = pool.stats().lost
  let refused: FaultCode | null = null
  const closing = new AbortController()

  const loop: Loop = makeLoop({
    clock,
    dueInMs: async () => {
      const now = pool.stats().lost
      if (now > lost) dueAtMs = Math.min(dueAtMs, clock.monotonicMs() + afterReconnectMs)
      lost = now
      return Math.min(dueAtMs - clock.monotonicMs(), afterReconnectMs)
    },
    pass: async () => {
      if (clock.monotonicMs() < dueAtMs) return 0
      dueAtMs = clock.monotonicMs() + everyMs
      await proveAll(context, canary, closing.signal)
      refused = null
      return 0
    },
    onError: (error) => {
      const code = faultCodeOf(error)
      if (refused !== code) log.warn({ mailbox: canary, code }, 'the watch canary could not be sent')
      refused = code
    },
  })
  return {
    refused: () => refused,
    close: () => {
      closing.abort()
      return loop.close()
    },
  }
}

async function proveAll(context: WatchContext, canary: MailAddress, signal: AbortSignal): Promise<void> {
  const { ladder, access, pool } = context
  ladder.watched((await context.served()).length)
  // A connection shows what the server can do.
  await pool.use(access.place(inboxOf(canary)).login, async () => {})
  const looks: readonly CounterLook[] = access.listPattern ? ['list_status', 'status'] : ['login']
  for (const look of looks) {
    if (signal.aborted) return
    const rung = ladder.rungs().find(({ strategy }) => strategy === look)
    if (rung?.use === 'off' || rung?.use === 'unable') continue
    ladder.proved(look, await proveLook(context, canary, look, signal))
  }
  const idle = ladder.rungs().find(({ strategy }) => strategy === 'idle')
  if (!signal.aborted && (idle?.use === 'used' || idle?.use === 'failed'))
    ladder.proved('idle', await proveIdle(context, canary, signal))
}

/** Milliseconds until the connection that is open already tells of it, or null. */
async function proveLook(
  context: WatchContext,
  canary: MailAddress,
  look: CounterLook,
  signal: AbortSignal,
): Promise<number | null> {
  const { login, name } = context.access.place(inboxOf(canary))
  return context.pool.use(login, async (connection) => {
    const before = await countersBy(context, connection, look, canary, name)
    return withCanary(context, canary, async (putAtMs) => {
      for (
        let tookMs = 0;
        tookMs < inTimeMs && !signal.aborted;
        tookMs = context.clock.monotonicMs() - putAtMs
      ) {
        const now = await countersBy(context, connection, look, canary, name)
        if (now && now.uidNext > (before?.uidNext ?? 1))
          return Math.round(context.clock.monotonicMs() - putAtMs)
        await sleep(context.clock, lookEveryMs, signal)
      }
      return null
    })
  })
}

async function countersBy(
  { access }: WatchContext,
  connection: MailboxConnection,
  look: CounterLook,
  canary: MailAddress,
  name: string,
): Promise<MailboxCounters | null> {
  if (look === 'list_status' && access.listPattern) {
    let found: MailboxCounters | null = null
    await connection.listStatus([access.listPattern(canary.slice(0, 1))], (counters) => {
      if (counters.name === name) found = counters
    })
    return found
  }
  const [status] = (await Array.fromAsync(connection.status([name], inTimeMs))).flat()
  return status && !('error' in status) ? status : null
}

async function proveIdle(
  context: WatchContext,
  canary: MailAddress,
  signal: AbortSignal,
): Promise<number | null> {
  const { login, name } = context.access.place(inboxOf(canary))
  const connection = await context.server.connect(login)
  const stop = new AbortController()
  const told = new AbortController()
  const listens = new AbortController()
  try {
    const ended = connection.idle(
      name,
      () => (listens.signal.aborted ? told : listens).abort(),
      AbortSignal.any([stop.signal, signal]),
    )
    await sleep(context.clock, inTimeMs, listens.signal)
    const tookMs = await withCanary(context, canary, async (putAtMs) => {
      await sleep(context.clock, idleInTimeMs, AbortSignal.any([told.signal, signal]))
      return told.signal.aborted ? Math.round(context.clock.monotonicMs() - putAtMs) : null
    })
    stop.abort()
    await ended
    return tookMs
  } finally {
    stop.abort()
    await connection.close()
  }
}

/** Puts the mail into the mailbox over a connection of its own, and takes all such mails out again afterwards. */
async function withCanary<T>(
  { server, access, clock }: WatchContext,
  canary: MailAddress,
  work: (putAtMs: number) => Promise<T>,
): Promise<T> {
  const { login, name } = access.place(inboxOf(canary))
  const connection = await server.connect(login)
  try {
    await connection.append(name, mail(canary))
    const result = await work(clock.monotonicMs())
    const { uidValidity, messages } = await lookAtOne(connection, { name, fromUid: 1, limit: mailsMax })
    const uids = messages.filter((message) => message.subject === subject).map(({ uid }) => uid)
    for (const uid of uids) await connection.remove(name, { uidValidity, uid }).catch(() => {})
    return result
  } finally {
    await connection.close()
  }
}
