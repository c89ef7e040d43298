/** A conversation in lines with a mail server, as SMTP and IMAP begin: bounded, and turned into TLS where asked. */
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls'
import { tlsFault } from '#kernel/tls-fault.ts'

export interface Place {
  readonly host: string
  readonly port: number
}

export interface TlsTerms {
  /** CA certificates, PEM; without it the system's. */
  readonly ca?: string
  /** The name that must be in the certificate. */
  readonly serverName: string
}

export interface LineSocket {
  /** The next line without its end. Rejects when the other side is silent, gone, or says too much. */
  line(): Promise<string>
  say(line: string): void
  /** From here on TLS, verified. @throws Fault tls.expired, tls.untrusted, tls.wrong_name, or what the network says */
  secure(terms: TlsTerms): Promise<PeerCertificate>
  close(): void
}

const silenceMs = 10_000
const lineCharsMax = 8_192

/** @throws the network's error */
export async function dialLines(place: Place): Promise<LineSocket> {
  const socket = connectTcp(place)
  await event(socket, 'connect')
  return new Lines(socket)
}

/** TLS from the first byte. @throws Fault tls.*, or the network's error */
export async function dialTls(
  place: Place,
  terms: TlsTerms,
): Promise<{ readonly lines: LineSocket; readonly certificate: PeerCertificate }> {
  const socket = connectTls({ ...place, ...options(terms) })
  await secured(socket)
  return { lines: new Lines(socket), certificate: socket.getPeerCertificate() }
}

class Lines implements LineSocket {
  #socket: Socket
  #text = ''
  #error: Error | null = null
  #wake: () => void = () => {}

  constructor(socket: Socket) {
    this.#socket = socket
    this.#listen()
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf('\n')
      if (end >= 0) {
        const line = this.#text.slice(0, end).replace(/\r$/, '')
        this.#text = this.#text.slice(end + 1)
        return line
      }
      if (this.#text.length > lineCharsMax) throw new Error('a line without an end')
      if (this.#error) throw this.#error
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  say(line: string): void {
    this.#socket.write(`${line}\r\n`)
  }

  async secure(terms: TlsTerms): Promise<PeerCertificate> {
    // What was said before TLS does not count in it.
    this.#text = ''
    this.#socket.removeAllListeners()
    const socket = connectTls({ socket: this.#socket, ...options(terms) })
    await secured(socket)
    this.#socket = socket
    this.#listen()
    return socket.getPeerCertificate()
  }

  close(): void {
    this.#socket.destroy()
  }

  #listen(): void {
    const ended = (error: Error): void => {
      this.#error ??= error
      this.#wake()
    }
    this.#socket.setEncoding('latin1')
    this.#socket.setTimeout(silenceMs, () => this.#socket.destroy(new Error('no answer in time')))
    this.#socket.on('data', (chunk: string) => {
      this.#text += chunk
      this.#wake()
    })
    this.#socket.on('error', ended)
    this.#socket.on('close', () => ended(new Error('the connection was closed')))
  }
}

const options = ({ ca, serverName }: TlsTerms) => ({
  servername: /^[\d.:]+$/.test(serverName) ? '' : serverName,
  minVersion: 'TLSv1.2' as const,
  ...(ca === undefined ? {} : { ca }),
  ...(/^[\d.:]+$/.test(serverName) ? { host: serverName } : {}),
})

async function secured(socket: TLSSocket): Promise<void> {
  try {
    await event(socket, 'secureConnect')
  } catch (error) {
    throw tlsFault(error) ?? error
  }
}

/** Resolves with the event; rejects with the socket's error, or when nothing comes. */
function event(socket: Socket, name: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null) => {
      socket.setTimeout(0)
      socket.removeAllListeners('timeout')
      socket.removeAllListeners('error')
      // An error that comes later ends in the listeners of whoever reads, or nowhere.
      socket.on('error', () => {})
      if (!error) return resolve()
      socket.destroy()
      reject(error)
    }
    socket.setTimeout(silenceMs, () => settle(new Error('no answer in time')))
    socket.once('error', settle)
    socket.once('close', () => settle(new Error('the connection was closed')))
    socket.once(name, () => settle(null))
  })
}
