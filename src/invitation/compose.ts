/** One mail of an invitation: the instructions or the password, as text and HTML, with nothing to be fetched. */
import type { MailAddress } from '#kernel/brand.ts'
import { encodeActivationCode } from '#protocol/activation-code.ts'
import type { Message } from '#smtp-client/smtp-client.ts'
import { escapeHtml, fill, oneLine, type Values } from './fill.ts'
import { qrPng } from './qr.ts'
import { type Part, readTemplate } from './templates.ts'

/** What does not differ from mail to mail. */
export interface Letterhead {
  readonly from: { readonly name: string; readonly address: string }
  /** Empty: to the sender. */
  readonly replyTo: string
  readonly organisation: string
  readonly helpdesk: string
  /** Empty: the machine's. */
  readonly timeZone: string
  readonly templatesDir: string
}

export interface Letter {
  readonly part: Part
  readonly to: MailAddress
  readonly language: string
  /** Names this mail for good: a second copy of it is known by it. */
  readonly messageId: string
  readonly displayName: string
  /** The user's main address, which is typed on the handheld. */
  readonly address: MailAddress
  /** Empty in the instructions. */
  readonly password: string
  readonly expiresAtMs: number
  readonly notBeforeMs: number | null
}

const qrId = 'code.qr'

/** @throws Fault invitation.template */
export function composeLetter(letterhead: Letterhead, letter: Letter, nowMs: number): Message {
  const { part, to, language } = letter
  const template = readTemplate(letterhead.templatesDir, language, part)
  const code = part === 'password' ? codeOf(letter) : ''
  const values = valuesOf(letterhead, letter, code)
  const steps = fill(template.steps, 'text', values)
    .split('\n')
    .filter((step) => step.trim() !== '')
  const listed = steps.map((step, i) => `${i + 1}. ${step}`).join('\n')
  const { from, replyTo } = letterhead
  return {
    from: { name: oneLine(from.name), address: from.address },
    to: { name: '', address: to },
    ...(replyTo === '' ? {} : { replyTo }),
    envelope: { from: from.address, to: [to] },
    subject: oneLine(fill(template.subject, 'header', values)),
    messageId: `<${letter.messageId}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`,
    date: new Date(nowMs),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    text: fill(template.text, 'text', { ...values, steps: listed }),
    html: fill(template.html, 'html', { ...values, qr: code === '' ? '' : `cid:${qrId}` }, markupOf(steps)),
    attachments: code === '' ? [] : [picture(code)],
  }
}

const codeOf = ({ address, password }: Letter): string => encodeActivationCode({ address, password })

function valuesOf(letterhead: Letterhead, letter: Letter, code: string): Values {
  const when = (atMs: number): string => moment(atMs, letter.language, letterhead.timeZone)
  return {
    display_name: oneLine(letter.displayName) || letter.address,
    address: letter.address,
    password: letter.password,
    code,
    expires: when(letter.expiresAtMs),
    not_before: letter.notBeforeMs === null ? '' : when(letter.notBeforeMs),
    organisation: oneLine(letterhead.organisation),
    helpdesk: letterhead.helpdesk.trim(),
  }
}

const markupOf = (steps: readonly string[]): Values => ({
  steps: `<ol>\n${steps.map((step) => `<li>${escapeHtml(step)}</li>`).join('\n')}\n</ol>`,
})

const picture = (code: string) => ({
  filename: 'postkey.png',
  contentType: 'image/png',
  contentDisposition: 'inline' as const,
  cid: qrId,
  content: qrPng(code),
})

/** In the words of the language, with the zone named: the user may be elsewhere. */
const moment = (atMs: number, language: string, timeZone: string): string =>
  new Intl.DateTimeFormat(language, {
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    weekday: 'long',
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
    ...(timeZone === '' ? {} : { timeZone }),
  }).format(new Date(atMs))
