/** The site's mail server: takes the relay's mail, shows it to the agent, and has its ways with both. */
import { createTransport } from 'nodemailer'
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { utf8 } from '#kernel/bytes.ts'
import type { Look, MailboxConnection, MailServer } from '#mailbox/mailbox.ts'
import type { MemoryDelivery } from '#mailbox/memory-folders.ts'
import { type MemoryMailServer, makeMemoryMailServer } from '#mailbox/memory-mailbox.ts'
import type { EtpMail } from '#relay/etp-mail.ts'
import { composed, type Mailer } from '#relay/mailer.ts'
import type { MailOutcome } from '#smtp-client/smtp-client.ts'
import type { Chance } from './chance.ts'
import type { Faults } from './faults.ts'
import { type Host, never, type SimProcess } from './sim-process.ts'
import type { VirtualTime } from './virtual-time.ts'

export const junkFolder = 'Junk'
export const inboxOf = (address: string): string => `user/${address}`
const junkOf = (address: string): string => `${address}/${junkFolder}`

/** A mail that the server has taken, until it is known what became of it. */
export interface TakenMail {
  readonly txn: ActivationId
  readonly to: string
  readonly file: Uint8Array
  readonly lost: boolean
}

export interface MailParts {
  readonly time: VirtualTime
  readonly host: Host
  readonly chance: Chance
  readonly faults: Faults
  readonly abilities: { readonly idle: boolean; readonly listStatus: boolean }
}

export class MailWorld {
  readonly server: MemoryMailServer
  readonly taken: TakenMail[] = []
  readonly #parts: MailParts
  readonly #composer = createTransport({ streamTransport: true, buffer: true })
  /** Main address by any address of the user. */
  readonly #owners = new Map<string, string>()

  constructor(parts: MailParts) {
    this.#parts = parts
    const { time, host, chance } = parts
    const clock = {
      nowMs: () => host.nowMs(),
      monotonicMs: () => time.nowMs(),
      after: (delayMs: number, fn: () => void) => time.after(delayMs, fn),
    }
    this.server = makeMemoryMailServer(clock, parts.abilities, () => time.sleep(chance.between(1, 8)))
  }

  addUser(address: MailAddress, aliases: readonly string[]): void {
    for (const one of [address, ...aliases]) this.#owners.set(one, address)
    this.server.create(inboxOf(address))
  }

  /** Ordinary mail, which is none of ours; it also lets go of what was to be overtaken. */
  ordinaryMail(address: string): void {
    const raw = utf8(`From: someone@example.test\r\nTo: ${address}\r\nSubject: Lunch\r\n\r\nAt noon?\r\n`)
    this.server.deliver(inboxOf(address), raw)
  }

  inboxes(): readonly string[] {
    return [...new Set(this.#owners.values())]
  }

  /** The mail server as this agent reaches it. */
  serverFor(process: SimProcess): MailServer {
    return {
      connect: async (login) => {
        if (!process.alive) return never()
        await process.sleep(this.#parts.chance.between(1, 30))
        return this.#connectionOf(process, await this.server.connect(login))
      },
    }
  }

  #connectionOf(process: SimProcess, connection: MailboxConnection): MailboxConnection {
    process.onDeath(() => void connection.close())
    const living = async <T>(work: () => Promise<T>): Promise<T> => {
      if (!process.alive) return never()
      try {
        return await work()
      } finally {
        if (!process.alive) await never()
      }
    }
    return new Proxy(connection, {
      get: (target, name, receiver) => {
        const value: unknown = Reflect.get(target, name, receiver)
        if (name === 'status')
          return (names: readonly string[]) =>
            answersTo(living, target.status(names, Number.POSITIVE_INFINITY))
        if (name === 'newMessages')
          return (looks: readonly Look[]) => answersTo(living, target.newMessages(looks))
        if (typeof value !== 'function' || name === 'usable') return value
        return (...args: unknown[]) => living(async () => value.apply(target, args))
      },
    })
  }

  mailerFor(process: SimProcess): Mailer {
    return { mail: (_domain, mail) => this.#take(process, mail), close: () => {} }
  }

  async #take(process: SimProcess, mail: EtpMail): Promise<MailOutcome> {
    const { chance, faults } = this.#parts
    await process.sleep(chance.between(1, 100))
    if (faults.take('smtp_put_off', mail.to)) return { kind: 'put_off', answer: '451 4.7.1 greylisted' }
    const sent = await process.outside(() => this.#composer.sendMail(composed(mail)))
    this.#deliver(mail, String(sent.message))
    await process.sleep(chance.between(1, 100))
    return { kind: 'accepted', answer: '250 2.0.0 queued' }
  }

  #deliver(mail: EtpMail, text: string): void {
    const { chance, faults } = this.#parts
    const owner = this.#owners.get(mail.to)
    if (owner === undefined) return
    const txn = mail.messageId.slice(1, 33) as ActivationId
    const lost = faults.take('mail_lost', mail.to)
    this.taken.push({ txn, to: owner, file: mail.file, lost })
    if (lost) return
    const raw = utf8(faults.take('mail_renamed', mail.to) ? renamed(text) : text)
    const how: MemoryDelivery = {
      ...(faults.take('mail_delayed', mail.to) ? { delayMs: chance.between(2_000, 300_000) } : {}),
      ...(faults.take('mail_duplicated', mail.to) ? { copies: 2 } : {}),
      ...(faults.take('mail_reordered', mail.to) ? { overtakenBy: 1 } : {}),
    }
    const folder = faults.take('mail_junk', mail.to) ? junkOf(owner) : inboxOf(owner)
    this.server.deliver(folder, raw, how)
    if (faults.take('mail_read_first', mail.to))
      for (const message of this.server.messages(folder)) message.flags.add('\\Seen')
  }
}

/** As gateways do it: another name, another type, and nothing in the header that says what it is. */
const renamed = (text: string): string =>
  text
    .replaceAll('ETP.DAT', 'att00001.bin')
    .replaceAll('application/octet-stream', 'application/x-unknown')
    .replace(/^X-MDAP-[^\r\n]*\r\n/gm, '')

/** Each answer reaches the living alone. */
async function* answersTo<T>(
  living: <R>(work: () => Promise<R>) => Promise<R>,
  source: AsyncIterable<T>,
): AsyncGenerator<T> {
  const answers = source[Symbol.asyncIterator]()
  for (;;) {
    const { done, value } = await living(() => answers.next())
    if (done) return
    yield value
  }
}
