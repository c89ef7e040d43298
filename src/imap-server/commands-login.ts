/** STARTTLS, LOGIN and AUTHENTICATE PLAIN (RFC 3501 section 6.2, RFC 4616, RFC 4959). */
import { fromUtf8 } from '#kernel/bytes.ts'
import { sleep } from '#kernel/clock.ts'
import { capabilities } from './capabilities.ts'
import { BadCommand, type CommandArguments } from './command-arguments.ts'
import { fromLatin1 } from './imap-string.ts'
import {
  type Identity,
  type ImapCommand,
  type ImapContext,
  loginAllowed,
  Refused,
  type Session,
} from './session.ts'

interface Credentials {
  readonly name: string
  readonly password: string
  /** Whom to act as; empty: as oneself. */
  readonly authzid: string
}

const needTls = '[PRIVACYREQUIRED] Log-in needs TLS here'

async function identify(
  context: ImapContext,
  { name, password, authzid }: Credentials,
): Promise<Identity | null> {
  const service = context.serviceAccounts.find((one) => one.name === name)
  if (service) {
    if (!(await context.checkPassword(password, service.passwordHash))) return null
    return authzid === '' ? { kind: 'service', name } : await userIdentity(context, authzid)
  }
  const address = context.canonicalAddress(name)
  const account = address && (await context.store.findAccount(address))
  if (!(await context.checkPassword(password, account?.passwordHash ?? null)) || !account) return null
  if (authzid !== '' && context.canonicalAddress(authzid) !== account.address) return null
  return { kind: 'user', accountId: account.id, address: account.address }
}

async function userIdentity(context: ImapContext, authzid: string): Promise<Identity | null> {
  const address = context.canonicalAddress(authzid)
  const account = address && (await context.store.findAccount(address))
  return account && { kind: 'user', accountId: account.id, address: account.address }
}

async function logIn(session: Session, credentials: Credentials): Promise<string> {
  const { context, remoteAddress } = session
  const { clock, limits, loginFailures, log, metrics } = context
  if (loginFailures.count(remoteAddress, clock.monotonicMs()) >= limits.loginFailuresPerAddressMax)
    await sleep(clock, limits.loginDelayMs)
  const identity = await identify(context, credentials)
  metrics.count('postkey_imap_logins_total', { outcome: identity ? 'ok' : 'failed' })
  if (identity) {
    session.identity = identity
    const as = identity.kind === 'user' ? identity.address : identity.name
    log.debug({ remoteAddress, as }, 'IMAP log-in')
    return `OK [CAPABILITY ${capabilities(session)}] Logged in`
  }
  session.failedLogins += 1
  const failures = loginFailures.add(remoteAddress, clock.monotonicMs())
  log.info({ remoteAddress, failures }, 'IMAP log-in failed')
  await sleep(clock, limits.loginDelayMs)
  if (session.failedLogins >= limits.loginTriesMax) {
    session.output.line('* BYE Too many failed log-ins')
    session.next = 'close'
  }
  throw new Refused('[AUTHENTICATIONFAILED] Log-in failed')
}

async function runLogin(session: Session, args: CommandArguments): Promise<string> {
  args.space()
  const name = args.astring()
  args.space()
  const password = args.astring()
  args.end()
  if (!loginAllowed(session)) throw new Refused(needTls)
  const text = (latin: string) => fromUtf8(fromLatin1(latin)) ?? latin
  return await logIn(session, { name: text(name), password: text(password), authzid: '' })
}

async function runAuthenticate(session: Session, args: CommandArguments): Promise<string> {
  args.space()
  const mechanism = args.word()
  const initial = args.take(' ') ? args.need(/[A-Za-z0-9+/=]+/y, 'base64') : null
  args.end()
  if (!loginAllowed(session)) throw new Refused(needTls)
  if (mechanism !== 'PLAIN') throw new Refused('[CANNOT] Only PLAIN is offered')
  const response = initial ?? (await askForResponse(session))
  const credentials = response === null ? null : parsePlain(response)
  if (!credentials) throw new BadCommand('AUTHENTICATE was cancelled or is not PLAIN')
  return await logIn(session, credentials)
}

async function askForResponse({ context, reader, output }: Session): Promise<string | null> {
  output.line('+ ')
  const { literalBeforeLoginBytesMax, loginMs, commandMs } = context.limits
  const line = await reader.readLine(literalBeforeLoginBytesMax, { waitMs: loginMs, commandMs })
  if (line === 'closed' || line === 'too_long') return null
  return line.replace(/\r?\n$/, '')
}

/** authzid NUL authcid NUL password (RFC 4616 section 2). */
function parsePlain(base64: string): Credentials | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null
  const parts = fromUtf8(new Uint8Array(Buffer.from(base64, 'base64')))?.split('\0')
  if (parts?.length !== 3) return null
  const [authzid = '', name = '', password = ''] = parts
  return { name, password, authzid }
}

export const loginCommands: Readonly<Record<string, ImapCommand>> = {
  STARTTLS: {
    when: 'before_login',
    run: async (session, args) => {
      args.end()
      if (session.secure || !session.context.secureContext) throw new BadCommand('TLS is not available here')
      session.next = 'start_tls'
      return 'OK Begin TLS negotiation now'
    },
  },
  LOGIN: { when: 'before_login', run: runLogin },
  AUTHENTICATE: { when: 'before_login', run: runAuthenticate },
}
