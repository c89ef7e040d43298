/** smtp-server with our parser, our time limits and our count of errors on each connection. */
import type { Socket } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import type { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import type { Clock } from '#kernel/clock.ts'
import type { SmtpLimits } from './smtp-limits.ts'
import { StrictStream, type Violation } from './strict-stream.ts'
import { makeWatchdog, type Watchdog } from './watchdog.ts'

export interface StrictOptions {
  readonly clock: Clock
  readonly limits: SmtpLimits
}

export class StrictServer extends SMTPServer {
  readonly strict: StrictOptions
  #perAddress = new Map<string, number>()

  constructor(options: SMTPServerOptions, strict: StrictOptions) {
    super(options)
    this.strict = strict
  }

  override connect(socket: Socket, options?: ConstructorParameters<typeof SMTPConnection>[2]): void {
    const address = socket.remoteAddress ?? ''
    const count = (this.#perAddress.get(address) ?? 0) + 1
    if (count > this.strict.limits.connectionsPerAddressMax) {
      socket.on('error', () => {})
      socket.end('421 Too many connections from your address\r\n', () => socket.destroy())
      return
    }
    this.#perAddress.set(address, count)
    this.#makeRoom()
    const connection = new StrictConnection(this, socket, options)
    connection.onEnd = () => this.#leave(address)
    this.connections.add(connection)
    connection.on('error', (error) => this._onError(error))
    connection.on('connect', (info) => this._onClientConnect(info))
    connection.init()
  }

  /**
   * With every place taken, whoever has been here longest without a message makes room: strangers who connect and say
   * nothing must not keep the relay's mail out.
   */
  #makeRoom(): void {
    if (this.connections.size < this.strict.limits.connectionsMax) return
    for (const connection of this.connections) {
      if (!(connection instanceof StrictConnection) || connection.hasMail) continue
      connection.makeRoom()
      return
    }
  }

  #leave(address: string): void {
    const count = (this.#perAddress.get(address) ?? 0) - 1
    if (count > 0) this.#perAddress.set(address, count)
    else this.#perAddress.delete(address)
  }
}

/** What a violation is answered with before the connection is closed. */
const answers: Readonly<Record<Violation, readonly [code: number, text: string]>> = {
  bare_line_end: [521, '5.5.2 Lines end with CR LF; bare CR or LF received'],
  line_too_long: [500, '5.5.2 Line too long'],
  message_too_big: [552, '5.3.4 Message too big'],
}

class StrictConnection extends SMTPConnection {
  onEnd: () => void = () => {}
  /** It has begun to send a message. */
  hasMail = false
  #errors = 0
  #commands = 0
  #watchdog: Watchdog | null = null

  get #strict(): StrictOptions | null {
    return this._server instanceof StrictServer ? this._server.strict : null
  }

  makeRoom(): void {
    this.send(421, '4.3.2 Too many connections, and nothing came on this one')
  }

  override init(): void {
    const strict = this.#strict
    if (strict) {
      this.#watchdog = makeWatchdog(strict.clock, strict.limits, () => this.send(421, '4.4.2 Timeout'))
    }
    super.init()
  }

  /** Called by the base class's constructor too, before this class has any field: all use is in callbacks. */
  override _createParser(): SMTPStream {
    const lineBytesMax = this._server instanceof StrictServer ? this._server.strict.limits.lineBytesMax : 512
    const parser = new StrictStream(
      {
        onCommand: () => this.#countCommand(),
        onDataStart: () => {
          this.#commands = 0
          this.hasMail = true
          this.#watchdog?.onDataStart()
        },
        onDataBytes: (count) => this.#watchdog?.onDataBytes(count),
        onDataEnd: () => this.#watchdog?.onDataEnd(),
        onViolation: (violation) => {
          const [code, text] = answers[violation]
          this.send(code, text)
          this.close()
        },
      },
      lineBytesMax,
    )
    parser.oncommand = (command, callback) => this._onCommand(command, callback)
    parser.on('error', () => this.close())
    return parser
  }

  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    super.send(code, data, context)
    if (code < 500) return
    this.#errors += 1
    if (this.#errors === (this.#strict?.limits.errorsMax ?? 1)) super.send(421, '4.7.0 Too many errors')
  }

  override _onClose(): void {
    this.#watchdog?.stop()
    if (!this._closed) this.onEnd()
    super._onClose()
  }

  #countCommand(): void {
    this.#watchdog?.onCommand()
    this.#commands += 1
    if (this.#commands > (this.#strict?.limits.commandsMax ?? 1)) super.send(421, '4.7.0 Too many commands')
  }
}
