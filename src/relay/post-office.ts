/** Takes handhelds' requests to be mailed, mails them in turn, and tells the handheld and the servers. */
import type { ActivationId, Pin } from '#kernel/brand.ts'
import { nowSeconds } from '#kernel/clock.ts'
import { jittered } from '#kernel/random.ts'
import { mailDoneStatus } from '#protocol/mail-done.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import type { MailOutcome } from '#smtp-client/smtp-client.ts'
import type { RelayMailRow, RelayMailState } from '#store/relay.ts'
import { makeEtpFile, makeEtpMail } from './etp-mail.ts'
import { sendHints } from './hints.ts'
import type { RelayEnv } from './hub.ts'
import {
  chooseMails,
  decideMailAsk,
  limitWindowMs,
  type MailAskDecision,
  type MailRequest,
  readMailAsk,
  retryDelayMs,
  statusOf,
} from './mail-ask.ts'
import type { Mailer } from './mailer.ts'
import type { Sessions } from './sessions.ts'

export interface PostOffice {
  /** Resolves when the request is stored or answered; false where it has no readable name to answer to. */
  ask(pin: Pin, body: Uint8Array): Promise<boolean>
  /** Looks for mails whose time has come. */
  wake(): void
  /** The mail came back: the handheld hears that its address does not work. */
  bounced(txn: ActivationId): Promise<void>
  /** No new tries; resolves when the running ones have ended. */
  close(): Promise<void>
}

const dueAtOnce = 64
/** A try that died with the relay is repeated after this; one that lives says so this often. */
const tryLeaseMs = 6_000
const renewEveryMs = 2_000
/** How long a running try may hold up the relay's end; what it leaves is tried again after its lease. */
const closeGraceMs = 5_000
const lookAgainMinMs = 1_000
const lookAgainMaxMs = 60_000

export function makePostOffice(env: RelayEnv, sessions: Sessions, mailer: Mailer): PostOffice {
  return new RelayPostOffice(env, sessions, mailer)
}

class RelayPostOffice implements PostOffice {
  readonly #env: RelayEnv
  readonly #sessions: Sessions
  readonly #mailer: Mailer
  /** Mails being tried now, with their addresses. */
  readonly #onTheirWay = new Map<ActivationId, string>()
  readonly #tries = new Set<Promise<void>>()
  /** Handhelds that have heard nothing yet of their new mail: how to stop the "queued" that would come. */
  readonly #unanswered = new Map<ActivationId, () => void>()
  #looking: Promise<void> | null = null
  #lookAgain = false
  #cancelTimer: (() => void) | null = null
  #closed = false

  constructor(env: RelayEnv, sessions: Sessions, mailer: Mailer) {
    this.#env = env
    this.#sessions = sessions
    this.#mailer = mailer
  }

  async ask(pin: Pin, body: Uint8Array): Promise<boolean> {
    const read = readMailAsk(pin, body, this.#env.identity.relayId)
    if (read.kind === 'malformed') {
      if (read.txn) this.#tell(pin, read.txn, mailDoneStatus.malformed)
      return read.txn !== null
    }
    const { request } = read
    const decision = await this.#decide(request)
    if (decision.status !== null) this.#tell(pin, request.body.txn, decision.status)
    if (decision.hint) await sendHints(this.#env, this.#sessions, request.body)
    return true
  }

  wake(): void {
    this.#lookAgain = true
    if (this.#closed) return
    this.#looking ??= this.#look()
  }

  async bounced(txn: ActivationId): Promise<void> {
    const mail = await this.#env.store.findMail(txn)
    if (mail?.state === 'accepted') await this.#end(mail, 'refused', 'the mail came back')
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelTimer?.()
    for (const cancel of this.#unanswered.values()) cancel()
    await this.#looking
    await this.#triesEnded()
  }

  #triesEnded(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#env.clock.after(closeGraceMs, resolve)
      Promise.all(this.#tries).then(() => {
        cancel()
        resolve()
      })
    })
  }

  /** Decides and stores; where somebody else has stored the same transaction meanwhile, decides again. */
  async #decide(request: MailRequest): Promise<MailAskDecision> {
    const { store, clock, identity, settings, failpoint } = this.#env
    const { txn } = request.body
    const rows = await store.findMailAsk(txn, request.pin, clock.nowMs() - limitWindowMs)
    const decision = decideMailAsk(
      request,
      rows,
      clock.nowMs(),
      identity.restoredAtMs,
      settings.transactionsPerPinHour,
    )
    if (!decision.write) return decision
    this.#expectAnswer(request.pin, txn)
    const stored = await this.#stored(decision.write)
    failpoint('relay.after_mail_stored')
    if (!stored) return this.#decide(request)
    this.wake()
    return decision
  }

  /** What was not stored is not called queued either. */
  async #stored(mail: RelayMailRow): Promise<boolean> {
    let stored = false
    try {
      this.#env.failpoint('relay.before_mail_stored')
      stored = await this.#env.store.putMail(mail)
    } finally {
      if (!stored) this.#unanswered.get(mail.txn)?.()
    }
    return stored
  }

  #expectAnswer(pin: Pin, txn: ActivationId): void {
    const { clock, settings } = this.#env
    const cancel = clock.after(settings.mailAnswerMs, () => this.#tell(pin, txn, mailDoneStatus.queued))
    this.#unanswered.set(txn, () => {
      cancel()
      this.#unanswered.delete(txn)
    })
  }

  #tell(pin: Pin, txn: ActivationId, status: number): void {
    this.#unanswered.get(txn)?.()
    const now = status === mailDoneStatus.clock ? { now: nowSeconds(this.#env.clock) } : {}
    const frame: Frame = { type: 'mail_done', txn, status, ...now }
    this.#sessions.find(pin)?.send(frame)
  }

  async #look(): Promise<void> {
    try {
      while (this.#lookAgain && !this.#closed) {
        this.#lookAgain = false
        await this.#lookOnce()
      }
    } catch (error) {
      this.#env.log.error({ error: String(error) }, 'the mail queue could not be read')
      this.#lookIn(lookAgainMaxMs)
    }
    this.#looking = null
  }

  async #lookOnce(): Promise<void> {
    const { store, clock, settings } = this.#env
    const nowMs = clock.nowMs()
    const over = (await store.hasMailsToGiveUp(nowMs)) ? await store.giveUpMails(nowMs) : []
    for (const mail of over) this.#tell(mail.pin, mail.txn, mailDoneStatus.gaveUp)
    const slots = settings.mailsAtOnceMax - this.#onTheirWay.size
    const since = nowMs - limitWindowMs
    const due = await store.listDueMails(nowMs, since, settings.mailsPerAddressHour, dueAtOnce)
    for (const mail of chooseMails(due, this.#onTheirWay, slots, settings.mailsPerAddressHour))
      this.#start(mail)
    const nextAtMs = await store.nextMailAtMs()
    if (nextAtMs !== null) this.#lookIn(nextAtMs - clock.nowMs())
  }

  #lookIn(delayMs: number): void {
    this.#cancelTimer?.()
    if (this.#closed) return
    const clamped = Math.min(lookAgainMaxMs, Math.max(lookAgainMinMs, delayMs))
    this.#cancelTimer = this.#env.clock.after(clamped, () => this.wake())
  }

  #start(mail: RelayMailRow): void {
    this.#onTheirWay.set(mail.txn, mail.address)
    const one = this.#try(mail)
      .catch((error: unknown) =>
        this.#env.log.error({ activation: mail.txn, error: String(error) }, 'a mail could not be tried'),
      )
      .then(() => {
        this.#onTheirWay.delete(mail.txn)
        this.#tries.delete(one)
        this.wake()
      })
    this.#tries.add(one)
  }

  async #try({ txn }: RelayMailRow): Promise<void> {
    const { store, clock, identity, settings, failpoint } = this.#env
    const nowMs = clock.nowMs()
    const mail = await store.beginMail(txn, nowMs, nowMs + tryLeaseMs)
    if (!mail) return
    const file = makeEtpFile(identity, mail, nowMs)
    const letter = makeEtpMail(identity, mail, file, nowMs, settings.envelopeSender)
    failpoint('relay.before_smtp')
    const outcome = await this.#renewing(txn, () => this.#mailer.mail(mail.domain, letter))
    failpoint('relay.after_smtp')
    await this.#record(mail, outcome)
  }

  /** Keeps the lease of a try for as long as the mail server takes. */
  async #renewing<T>(txn: ActivationId, work: () => Promise<T>): Promise<T> {
    const { store, clock, log } = this.#env
    let cancel = (): void => {}
    const renew = (): void => {
      cancel = clock.after(renewEveryMs, renew)
      store
        .renewMail(txn, clock.nowMs() + tryLeaseMs)
        .catch((error: unknown) => log.warn({ activation: txn, error: String(error) }, 'a lease ran out'))
    }
    cancel = clock.after(renewEveryMs, renew)
    try {
      return await work()
    } finally {
      cancel()
    }
  }

  async #record(mail: RelayMailRow, { kind, answer }: MailOutcome): Promise<void> {
    const { log } = this.#env
    const fields = { activation: mail.txn, pin: mail.pin, domain: mail.domain, attempt: mail.tries, answer }
    if (kind === 'put_off') {
      log.warn({ ...fields, code: 'smtp.unreachable' }, 'the mail server put the activation mail off')
      return this.#putOff(mail, answer)
    }
    if (kind === 'refused')
      log.warn({ ...fields, code: 'smtp.refused' }, 'the mail server refused the address')
    else log.info(fields, 'the mail server took the activation mail')
    await this.#end(mail, kind, answer)
    if (kind === 'accepted') await sendHints(this.#env, this.#sessions, mail)
  }

  async #putOff(mail: RelayMailRow, answer: string): Promise<void> {
    const { store, clock, random } = this.#env
    const waitMs = jittered(random, retryDelayMs(mail.tries), 0.2)
    const nextTryAtMs = Math.min(clock.nowMs() + waitMs, mail.acceptedAtMs + mail.lifeMs)
    const answeredAtMs = clock.nowMs()
    await store.endMail({ txn: mail.txn, state: 'queued', nextTryAtMs, answer, answeredAtMs })
    if (this.#unanswered.has(mail.txn)) this.#tell(mail.pin, mail.txn, mailDoneStatus.queued)
  }

  async #end(mail: RelayMailRow, state: RelayMailState, answer: string): Promise<void> {
    const { store, clock, failpoint } = this.#env
    const answeredAtMs = clock.nowMs()
    await store.endMail({ txn: mail.txn, state, nextTryAtMs: answeredAtMs, answer, answeredAtMs })
    failpoint('relay.after_mail_marked')
    this.#tell(mail.pin, mail.txn, statusOf(state))
  }
}
