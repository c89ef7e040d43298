/** One address that should answer: does it, in the right language, and with a certificate that holds. */
import type { PeerCertificate } from 'node:tls'
import { fine, fromFault } from '#admin/check.ts'
import type { Check } from '#admin/views.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import { dialLines, dialTls, type LineSocket, type Place, type TlsTerms } from './line-socket.ts'

export interface Endpoint extends Place, TlsTerms {
  /** As the administrator calls it: `SMTP server mx.example.test:25`. */
  readonly name: string
  readonly speaks: 'smtp' | 'imap' | 'tls'
  readonly tls: 'implicit' | 'starttls' | 'none'
  /** What it is called when nothing answers there. */
  readonly unreachable: FaultCode
}

export interface Greeted {
  readonly lines: LineSocket
  /** Null without TLS. */
  readonly certificate: PeerCertificate | null
}

const soonMs = 21 * 86_400_000

/** The check; its connection is closed again. */
export async function checkEndpoint(endpoint: Endpoint, nowMs: number): Promise<Check> {
  try {
    const { lines, certificate } = await greet(endpoint)
    lines.close()
    return certificateCheck(endpoint.name, certificate, nowMs)
  } catch (error) {
    return endpointFault(endpoint, error)
  }
}

/** Without a server its ports should be free for it. */
export async function checkFree({ name, host, port }: Endpoint): Promise<Check> {
  try {
    const lines = await dialLines({ host, port })
    lines.close()
    return fromFault(name, 'attention', 'listen.in_use', null, `${host}:${port}`)
  } catch {
    return fine(name, 'Free: no server runs.')
  }
}

/** Connects, hears the greeting, and comes to TLS; an SMTP server has been greeted then. */
export async function greet(endpoint: Endpoint): Promise<Greeted> {
  if (endpoint.tls === 'implicit') {
    const { lines, certificate } = await dialTls(endpoint, endpoint)
    if (endpoint.speaks !== 'tls') await greeting(endpoint, lines)
    return { lines, certificate }
  }
  const lines = await dialLines(endpoint)
  try {
    await greeting(endpoint, lines)
    if (endpoint.tls === 'none') return { lines, certificate: null }
    await startTls(endpoint, lines)
    return { lines, certificate: await lines.secure(endpoint) }
  } catch (error) {
    lines.close()
    throw error
  }
}

export function endpointFault({ name, unreachable }: Endpoint, error: unknown): Check {
  if (error instanceof Fault) return fromFault(name, 'broken', error.code, null, error.detail)
  return fromFault(name, 'broken', unreachable, null, error instanceof Error ? error.message : String(error))
}

function certificateCheck(name: string, certificate: PeerCertificate | null, nowMs: number): Check {
  if (!certificate) return fine(name, 'Answers, without TLS.')
  const untilMs = Date.parse(certificate.valid_to)
  const until = new Date(untilMs).toISOString().slice(0, 10)
  if (untilMs - nowMs < soonMs) return fromFault(name, 'attention', 'tls.expires_soon', null, until)
  return fine(name, `Answers; certificate good until ${until}.`)
}

/** @returns code and text of a reply of one or more lines (RFC 5321 section 4.2.1) */
export async function smtpReply(
  lines: LineSocket,
): Promise<{ readonly code: number; readonly text: string }> {
  const texts: string[] = []
  for (;;) {
    const line = await lines.line()
    const match = /^(\d{3})([ -]|$)(.*)$/.exec(line)
    if (!match || texts.length > 100) throw new Error(`no SMTP reply: ${line.slice(0, 80)}`)
    texts.push(match[3] ?? '')
    if (match[2] !== '-') return { code: Number(match[1]), text: texts.join('\n') }
  }
}

async function greeting({ speaks }: Endpoint, lines: LineSocket): Promise<void> {
  if (speaks === 'imap') {
    const line = await lines.line()
    if (!/^\* (?:OK|PREAUTH)/i.test(line)) throw new Error(`greets with: ${line.slice(0, 80)}`)
    return
  }
  const { code, text } = await smtpReply(lines)
  if (code !== 220) throw new Error(`greets with: ${code} ${text.slice(0, 80)}`)
}

async function startTls({ speaks }: Endpoint, lines: LineSocket): Promise<void> {
  if (speaks === 'imap') {
    lines.say('a STARTTLS')
    for (;;) {
      const line = await lines.line()
      if (/^a OK/i.test(line)) return
      if (line.startsWith('a ')) throw new Error(`offers no STARTTLS: ${line.slice(2, 80)}`)
    }
  }
  lines.say('EHLO localhost')
  await smtpReply(lines)
  lines.say('STARTTLS')
  const { code, text } = await smtpReply(lines)
  if (code !== 220) throw new Error(`offers no STARTTLS: ${code} ${text.slice(0, 80)}`)
}
