/** The way of the relay's mail: up to the recipient, and not a byte of a message further. */
import { fine, fromFault } from '#admin/check.ts'
import type { Check } from '#admin/views.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import { checkEndpoint, type Endpoint, endpointFault, greet, smtpReply } from './endpoint.ts'
import type { LineSocket } from './line-socket.ts'

export interface MailRoute {
  readonly endpoint: Endpoint
  readonly ehloName: string
  readonly sender: string
  /** Somebody whose mail goes this way; null where there is nobody. */
  readonly recipient: string | null
  readonly login: { readonly user: string; readonly password: string } | null
}

/** First the server as such; a recipient is tried only where it answers. */
export async function checkMailRoute(route: MailRoute, nowMs: number): Promise<Check[]> {
  const { endpoint } = route
  const server = await checkEndpoint(endpoint, nowMs)
  if (server.health === 'broken') return [server]
  return [server, await recipientCheck(route)]
}

async function recipientCheck(route: MailRoute): Promise<Check> {
  const { endpoint, recipient } = route
  const name = `mail by ${endpoint.name}`
  try {
    const { lines } = await greet(endpoint)
    try {
      return await dialogue(route, name, lines)
    } finally {
      lines.close()
    }
  } catch (error) {
    return { ...endpointFault(endpoint, error), name: recipient ? `${name} to ${recipient}` : name }
  }
}

async function dialogue(route: MailRoute, name: string, lines: LineSocket): Promise<Check> {
  const { ehloName, login, recipient, sender } = route
  const offered = await asked(lines, `EHLO ${ehloName}`, 'smtp.unreachable')
  if (login) await logIn(lines, login, offered)
  if (recipient === null) return fine(name, 'Takes our greeting; there is no user to try a recipient with.')
  await asked(lines, `MAIL FROM:<${sender}>`, 'smtp.refused')
  lines.say(`RCPT TO:<${recipient}>`)
  const { code, text } = await smtpReply(lines)
  lines.say('RSET')
  lines.say('QUIT')
  if (code >= 200 && code < 300) return fine(name, `Takes mail for ${recipient}.`)
  const answer = `RCPT TO:<${recipient}>: ${code} ${text.replace(/\n/g, ' ').slice(0, 160)}`
  return code >= 500
    ? fromFault(name, 'broken', 'smtp.refused', null, answer)
    : fromFault(name, 'attention', 'smtp.unreachable', null, answer)
}

/** @throws Fault `otherwise` with the server's words where the answer is no 2xx or 3xx */
async function asked(
  lines: LineSocket,
  command: string,
  otherwise: FaultCode,
  shown = command,
): Promise<string> {
  lines.say(command)
  const { code, text } = await smtpReply(lines)
  if (code >= 200 && code < 400) return text
  throw new Fault(otherwise, `${shown}: ${code} ${text.replace(/\n/g, ' ').slice(0, 160)}`)
}

async function logIn(
  lines: LineSocket,
  { user, password }: NonNullable<MailRoute['login']>,
  offered: string,
): Promise<void> {
  const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64')
  const say = (command: string) => asked(lines, command, 'smtp.login_failed', 'log-in')
  if (/^AUTH\b.*\bPLAIN\b/im.test(offered)) {
    await say(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`)
    return
  }
  await say('AUTH LOGIN')
  await say(base64(user))
  await say(base64(password))
}
