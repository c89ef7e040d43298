// Real programs that send mail by SMTP, each told to send to one server.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { startExim } from '../support/exim.ts'
import { type Postfix, startPostfix } from '../support/postfix.ts'
import { run } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'
import { makeTestTls } from './imap-server-tls.ts'
import { RawSmtp } from './smtp-raw.ts'
import { domain } from './smtp-site.ts'

export interface Mail {
  readonly to: readonly string[]
  readonly raw: Buffer
}

export interface Sent {
  /** Recipients that the sender was told of as refused for good. */
  readonly refused: readonly string[]
  /** The sender was told that the mail as a whole can not be taken now. */
  readonly later: boolean
}

export interface Sender {
  send(mail: Mail): Promise<Sent>
}

export interface NextServer {
  readonly port: number
  readonly ca: string
}

export type StartSender = (t: TestContext, to: NextServer) => Promise<Sender>

const from = 'sender@client.test'

export const postfix: StartSender = async (t, smtp) => {
  const server = await startPostfix({ domain, smtp, tls: makeTestTls() })
  t.after(() => server.stop())
  return {
    send: async (mail) => {
      await handIn(server.smtpPort, mail)
      return { refused: await bounced(server, mail.to), later: false }
    },
  }
}

/** It takes every recipient, and sends back what the next server refuses: its log says whom. */
async function bounced(server: Postfix, to: readonly string[]): Promise<readonly string[]> {
  for (let left = 600; left > 0; left -= 1) {
    const log = server.logTail(1_000).split('\n')
    const status = (one: string): string | undefined =>
      log
        .map((line) => (line.includes(` to=<${one}>, `) ? /status=(\w+)/.exec(line)?.[1] : undefined))
        .find(Boolean)
    const all = to.map(status)
    if (!all.includes(undefined)) return to.filter((_, n) => all[n] === 'bounced')
    await after(50)
  }
  throw new Error(`Postfix has not tried every recipient\n${server.logTail()}`)
}

export const exim: StartSender = async (t, { port, ca }) => {
  const server = await startExim({ domain, to: { smtpPort: port, ca }, tls: makeTestTls() })
  t.after(() => server.stop())
  return { send: (mail) => handIn(server.smtpPort, mail) }
}

/** STARTTLS, verified; or none. */
export const curl =
  (tls: boolean): StartSender =>
  async (t, { port, ca }) => {
    const directory = temporaryDirectory(t)
    const [caFile, file] = [join(directory, 'ca.pem'), join(directory, 'mail')]
    await writeFile(caFile, ca)
    const security = tls ? ['--ssl-reqd', '--cacert', caFile] : []
    return {
      send: async ({ to, raw }) => {
        await writeFile(file, raw)
        const recipients = to.flatMap((one) => ['--mail-rcpt', one])
        const { stderr } = await run('/usr/bin/curl', [
          ...[`smtp://localhost:${port}`, '--silent', '--show-error', '--verbose', ...security],
          ...['--mail-from', from, ...recipients, '--mail-rcpt-allowfails', '--upload-file', file],
        ])
        return told(stderr, /^> RCPT TO:<([^>]*)>/, /^< (\d{3})/)
      },
    }
  }

export const swaks: StartSender = async (t, { port }) => {
  const file = join(temporaryDirectory(t), 'mail')
  return {
    send: async ({ to, raw }) => {
      await writeFile(file, `${dotStuffed(raw)}.\r\n`, 'latin1')
      const { stdout } = await run('/usr/bin/swaks', [
        ...['--server', `127.0.0.1:${port}`, '--helo', 'client.test', '--from', from, '--to', to.join(',')],
        ...['--no-data-fixup', '--data', `@${file}`],
      ])
      return told(stdout, /^ -> RCPT TO:<([^>]*)>/, /^<(?:-|\*\*|~\*) {1,2}(\d{3})/)
    },
  }
}

/** Reads a transcript: which recipient each answer was for, and whether the mail itself was put off. */
function told(transcript: string, asks: RegExp, answers: RegExp): Sent {
  const refused: string[] = []
  let [asked, later]: [string | undefined, boolean] = [undefined, false]
  for (const line of transcript.split(/\r?\n/)) {
    const code = answers.exec(line)?.[1]
    if (code?.startsWith('5') && asked !== undefined) refused.push(asked)
    if (code?.startsWith('4')) later = true
    if (code !== undefined) asked = undefined
    asked = asks.exec(line)?.[1] ?? asked
  }
  return { refused, later }
}

const dotStuffed = (raw: Buffer): string => raw.toString('latin1').replace(/^\./gm, '..')

/** Gives a mail to an MTA as it is, eight bits and all. */
async function handIn(port: number, { to, raw }: Mail): Promise<Sent> {
  const client = await RawSmtp.connect(port)
  const say = async (line: string, good: string): Promise<void> => {
    const reply = await client.say(line)
    if (!reply.startsWith(good)) throw new Error(`${line}: ${reply}`)
  }
  await say('EHLO client.test', '250')
  await say(`MAIL FROM:<${from}> BODY=8BITMIME`, '250')
  const refused: string[] = []
  for (const one of to) if ((await client.say(`RCPT TO:<${one}>`)).startsWith('550')) refused.push(one)
  await say('DATA', '354')
  client.write(dotStuffed(raw))
  await say('.', '250')
  client.close()
  return { refused, later: false }
}
