/** One connection from greeting to end: reads a command, runs it, sends its responses, reads the next. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { capabilities } from './capabilities.ts'
import { CommandReader, type ReadLimits, type ReadResult } from './command-reader.ts'
import { LostBody } from './commands-fetch.ts'
import type { LiteralShare } from './literal-budget.ts'
import { ClientGone, Output } from './output.ts'
import { makePace } from './pace.ts'
import { runCommand, tagOf } from './run-command.ts'
import type { ImapContext, Session } from './session.ts'

/** How long a client may stay without logging in, in multiples of what one command may take. */
const loginWaits = 3

/** Resolves when the connection is over; never rejects. */
export async function serveConnection(context: ImapContext, socket: Socket, secure: boolean): Promise<void> {
  const session = newSession(context, socket, secure)
  const cancel = context.clock.after(context.limits.loginMs * loginWaits, () => {
    if (!session.identity) socket.destroy()
  })
  const sayBye = () => {
    session.output.line('* BYE Server shutting down')
    session.output.end()
  }
  const here = { isStranger: () => !session.identity, end: () => void socket.destroy() }
  context.connections.add(here)
  context.closers.add(sayBye)
  try {
    session.output.line(`* OK [CAPABILITY ${capabilities(session)}] Postkey IMAP server ready`)
    await session.output.flush()
    await converse(session, socket)
    part(session, socket)
  } catch (error) {
    if (!(error instanceof LostBody || error instanceof ClientGone))
      context.log.error({ error: String(error) }, 'an IMAP connection failed')
    // The commands before this one have their answers.
    void session.output.flush()
    socket.destroy()
  } finally {
    cancel()
    context.closers.delete(sayBye)
    context.connections.delete(here)
  }
}

/** Whoever does not close its own end after ours is cut off: else it would keep a place that nobody can free. */
function part({ context, reader, output }: Session, socket: Socket): void {
  output.end()
  reader.detach()
  socket.resume()
  const cancel = context.clock.after(context.limits.partingMs, () => socket.destroy())
  socket.once('close', cancel)
}

function newSession(context: ImapContext, socket: Socket, secure: boolean): Session {
  const output = new Output(socket)
  return {
    context,
    output,
    remoteAddress: socket.remoteAddress ?? '',
    reader: new CommandReader(socket, context.clock, () => output.flush()),
    secure,
    identity: null,
    view: null,
    condstore: false,
    failedLogins: 0,
    badCommands: 0,
    next: 'read',
  }
}

async function converse(session: Session, socket: Socket): Promise<void> {
  const { output } = session
  const pace = makePace(50)
  while (session.next !== 'close') {
    const share = session.context.literals.open(ownerOf(session))
    try {
      // The reader sends what was gathered before it waits: the answers to commands that came together go out together.
      const limits = readLimits(session, share)
      const result = await session.reader.readCommand(limits, () => output.line('+ Go ahead'))
      if (result.kind === 'closed') return
      if (result.kind === 'command') await runCommand(session, result.command)
      else answerRefusedLiteral(session, result)
    } finally {
      share.free()
    }
    await output.room()
    if (session.next === 'start_tls') await startTls(session, socket)
    await pace()
  }
}

const ownerOf = ({ identity }: Session): string =>
  identity?.kind === 'user' ? `${identity.accountId}` : (identity?.name ?? '')

function readLimits({ context, identity }: Session, share: LiteralShare): ReadLimits {
  const { limits } = context
  return {
    ...limits,
    // Before a log-in literals are small, and their number is that of the connections.
    takeRoom: (bytes) => !identity || share.take(bytes),
    waitMs: identity ? limits.idleMs : limits.loginMs,
    literalBytesMax: (text) => {
      if (!identity) return limits.literalBeforeLoginBytesMax
      return /^\S+ APPEND /i.test(text) ? limits.messageBytesMax : limits.literalBytesMax
    },
  }
}

type RefusedLiteral = Extract<ReadResult, { kind: 'too_big' | 'no_room' }>

function answerRefusedLiteral(session: Session, { kind, text, fatal }: RefusedLiteral): void {
  const isTooBig = kind === 'too_big'
  if (isTooBig) session.badCommands += 1
  if (fatal || session.badCommands >= session.context.limits.badCommandsMax) {
    session.output.line(`* BYE ${isTooBig ? '[TOOBIG] The command is too large' : noRoom}`)
    session.next = 'close'
  } else session.output.line(`${tagOf(text)} NO ${isTooBig ? '[TOOBIG] The literal is too large' : noRoom}`)
}

const noRoom = '[UNAVAILABLE] Too much is being received now, try again later'

/** What the client sent before the handshake is forgotten with the old reader. */
async function startTls(session: Session, socket: Socket): Promise<void> {
  const { secureContext, clock, limits } = session.context
  await session.output.flush()
  session.reader.detach()
  if (!secureContext) throw new Error('STARTTLS without a certificate')
  const tls = new TLSSocket(socket, { isServer: true, secureContext })
  const cancel = clock.after(limits.loginMs, () => tls.destroy())
  const good = await new Promise<boolean>((resolve) => {
    tls.once('secure', () => resolve(true))
    tls.once('close', () => resolve(false))
    tls.on('error', () => tls.destroy())
  })
  cancel()
  session.reader = new CommandReader(tls, clock, () => session.output.flush())
  session.output.useSocket(tls)
  session.secure = true
  session.next = good ? 'read' : 'close'
}
