/**
 * SMTP as a mail server speaks it on a connection that stays open: one mail after the other, each answer waited for.
 * And LMTP for one recipient, which is the same but for its greeting.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export class SmtpClient {
  readonly #socket: Socket
  #text = ''
  #wake: (() => void) | null = null
  #closed = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#text += text
      this.#wake?.()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#wake?.()
    })
  }

  static async connect(port: number, greeting: 'EHLO' | 'LHLO' = 'EHLO'): Promise<SmtpClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new SmtpClient(socket)
    await client.#reply(220)
    await client.#say(`${greeting} bench.test\r\n`, 250)
    return client
  }

  /** Resolves with the 250 that says that the mail is taken. `text` ends with CR LF and has no line that begins with a dot. */
  async mail(recipient: string, text: string): Promise<void> {
    await this.#say('MAIL FROM:<bench@client.test>\r\n', 250)
    await this.#say(`RCPT TO:<${recipient}>\r\n`, 250)
    await this.#say('DATA\r\n', 354)
    await this.#say(`${text}.\r\n`, 250)
  }

  /** The same with PIPELINING (RFC 2920): the envelope goes out at once. */
  async mailAtOnce(recipient: string, text: string): Promise<void> {
    this.#socket.write(`MAIL FROM:<bench@client.test>\r\nRCPT TO:<${recipient}>\r\nDATA\r\n`, 'latin1')
    for (const code of [250, 250, 354]) await this.#reply(code)
    await this.#say(`${text}.\r\n`, 250)
  }

  close(): void {
    this.#socket.destroy()
  }

  async #say(text: string, code: number): Promise<void> {
    this.#socket.write(text, 'latin1')
    await this.#reply(code)
  }

  async #reply(code: number): Promise<void> {
    for (;;) {
      const match = /^(?:\d{3}-[^\r\n]*\r\n)*(\d{3})(?: [^\r\n]*)?\r\n/.exec(this.#text)
      if (match) {
        this.#text = this.#text.slice(match[0].length)
        if (Number(match[1]) !== code) throw new Error(`expected ${code}: ${match[0]}`)
        return
      }
      if (this.#closed) throw new Error('the mail server hung up')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

export interface Rate {
  readonly rate: number
  readonly mails: number
}

/** Mails a second over so many connections, each to a recipient of its own, for about so long. */
export const mailsPerSecond = (
  port: number,
  recipients: readonly string[],
  text: string,
  durationMs: number,
): Promise<Rate> =>
  sendingRate(
    recipients,
    durationMs,
    () => SmtpClient.connect(port),
    (client, recipient) => client.mail(recipient, text),
  )

/** The same for any client: `send` resolves when one mail is taken. */
export async function sendingRate<T extends { close(): void }>(
  recipients: readonly string[],
  durationMs: number,
  connect: (recipient: string) => Promise<T>,
  send: (client: T, recipient: string) => Promise<void>,
): Promise<Rate> {
  const clients = await Promise.all(recipients.map(connect))
  const begunMs = performance.now()
  let mails = 0
  const run = async (client: T, recipient: string): Promise<void> => {
    while (performance.now() - begunMs < durationMs) {
      await send(client, recipient)
      mails += 1
    }
  }
  await Promise.all(clients.map((client, i) => run(client, recipients[i] ?? '')))
  const elapsedMs = performance.now() - begunMs
  for (const client of clients) client.close()
  return { rate: (mails * 1000) / elapsedMs, mails }
}
