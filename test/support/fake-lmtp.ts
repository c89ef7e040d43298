/** An LMTP server that answers as a test says: well at first, and then whatever is wanted at any moment. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import type { PeerTls } from './peer-config.ts'

export type Moment = 'greeting' | 'LHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'RSET' | 'STARTTLS' | 'end'

/** Lines to send (CR LF is added to each), or to hang up, or to say nothing. */
export type Answer = string | 'drop' | 'silent' | { readonly afterMs: number; readonly say: string }

export interface FakeLmtp {
  readonly port: number
  /** Deviations; a function is asked each time, with what the client said (at `end`: the recipient). */
  answers: Partial<Record<Moment, Answer | ((said: string) => Answer | undefined)>>
  /** What the answer to LHLO offers. */
  extensions: string[]
  /** Texts that were sent, as the wire had them, and to whom. */
  readonly texts: { readonly to: string; readonly text: string }[]
  readonly commands: string[]
  /** Connections ever made, those open now, and most at once. */
  connections(): { readonly made: number; readonly open: number; readonly most: number }
  /** Hangs up on everybody. */
  hangUp(): void
}

export interface FakeLmtpOptions {
  readonly tls?: PeerTls
  /** TLS from the first byte. */
  readonly implicit?: boolean
  /** Path of a Unix socket instead of a port. */
  readonly socket?: string
}

export async function startFakeLmtp(t: TestContext, options: FakeLmtpOptions = {}): Promise<FakeLmtp> {
  const sockets = new Set<Socket>()
  const count = { made: 0, most: 0 }
  const fake = {
    answers: {} as FakeLmtp['answers'],
    extensions: [
      'PIPELINING',
      '8BITMIME',
      'SIZE',
      'ENHANCEDSTATUSCODES',
      ...(options.tls ? ['STARTTLS'] : []),
    ],
    texts: [] as { to: string; text: string }[],
    commands: [] as string[],
  }
  const accept = (socket: Socket): void => {
    sockets.add(socket)
    count.made += 1
    count.most = Math.max(count.most, sockets.size)
    socket.on('close', () => sockets.delete(socket))
    converse(fake, socket, options.tls ?? null)
  }
  const { cert, key } = options.tls ?? {}
  const server = options.implicit ? createTlsServer({ cert, key }, accept) : createServer(accept)
  await new Promise<void>((resolve) => {
    if (options.socket) server.listen(options.socket, resolve)
    else server.listen(0, '127.0.0.1', resolve)
  })
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  t.after(() => {
    hangUp()
    server.close()
  })
  return Object.assign(fake, {
    port: options.socket ? 0 : (server.address() as AddressInfo).port,
    connections: () => ({ ...count, open: sockets.size }),
    hangUp,
  })
}

type Script = Pick<FakeLmtp, 'answers' | 'extensions' | 'texts' | 'commands'>

function converse(fake: Script, first: Socket, tls: PeerTls | null): void {
  let socket = first
  let rest = ''
  let recipients: string[] = []
  let inText = false

  /** The class of what was said; empty where it was nothing. */
  const say = (moment: Moment, said: string, usual: string): string => {
    const scripted = fake.answers[moment]
    const answer = (typeof scripted === 'function' ? scripted(said) : scripted) ?? usual
    if (answer === 'drop') {
      socket.destroy()
      return ''
    }
    if (answer === 'silent') return ''
    const { afterMs, say: words } = typeof answer === 'string' ? { afterMs: 0, say: answer } : answer
    const write = () => void (socket.writable && socket.write(`${words}\r\n`, 'latin1'))
    if (afterMs > 0) setTimeout(write, afterMs).unref()
    else write()
    return words.slice(0, 1)
  }
  const takeText = (): boolean => {
    const end = rest.startsWith('.\r\n') ? 0 : rest.indexOf('\r\n.\r\n') + 2
    if (end === 1) return false
    const text = rest.slice(0, end)
    rest = rest.slice(end + 3)
    inText = false
    for (const to of recipients) {
      fake.texts.push({ to, text })
      say('end', to, '250 2.0.0 taken')
      if (socket.destroyed) break
    }
    recipients = []
    return true
  }
  const verbs: Readonly<Record<string, (line: string) => void>> = {
    LHLO: (line) => {
      const lines = ['fake.test', ...fake.extensions]
      const reply = lines.map((one, i) => `250${i < lines.length - 1 ? '-' : ' '}${one}`)
      say('LHLO', line, reply.join('\r\n'))
    },
    STAR: (line) => {
      if (say('STARTTLS', line, '220 2.0.0 go on') && tls) secure(tls)
    },
    MAIL: (line) => void say('MAIL', line, '250 2.1.0 OK'),
    RCPT: (line) => {
      if (say('RCPT', line, '250 2.1.5 OK') === '2') recipients.push(/<(.*)>/.exec(line)?.[1] ?? '')
    },
    RSET: (line) => {
      recipients = []
      say('RSET', line, '250 2.0.0 OK')
    },
    DATA: (line) => {
      inText = say('DATA', line, recipients.length > 0 ? '354 go on' : '503 5.5.1 no recipients') === '3'
    },
  }
  const command = (line: string): void => {
    fake.commands.push(line)
    verbs[line.slice(0, 4).toUpperCase()]?.(line)
  }
  const secure = ({ cert, key }: PeerTls): void => {
    socket.removeAllListeners('data')
    socket = new TLSSocket(socket, { isServer: true, cert, key })
    rest = ''
    listen()
  }
  const listen = (): void => {
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('data', (chunk: string) => {
      rest += chunk
      while (!socket.destroyed) {
        if (inText) {
          if (!takeText()) return
          continue
        }
        const end = rest.indexOf('\r\n')
        if (end < 0) return
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        command(line)
      }
    })
  }
  listen()
  say('greeting', '', '220 fake.test LMTP')
}
