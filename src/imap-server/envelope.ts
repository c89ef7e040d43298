import { envelopeAddresses } from './address-list.ts'
import { imapStringOrNil } from './imap-string.ts'
import type { Entity } from './mime-entity.ts'
import { fieldText } from './mime-header.ts'

/** A recipient list is read this far; repeated fields are read as one list. */
const addressCharsMax = 256 * 1024

/** ENVELOPE of a message (RFC 3501 section 7.4.2), ready to send. */
export function renderEnvelope(raw: Buffer, entity: Entity): string {
  const first = new Map<string, string>()
  const all = new Map<string, string>()
  for (const field of entity.fields) {
    if (!wanted.has(field.name)) continue
    const text = fieldText(raw, field)
    if (!first.has(field.name)) first.set(field.name, text)
    const before = all.get(field.name)
    if (before === undefined) all.set(field.name, text)
    else if (before.length < addressCharsMax) all.set(field.name, `${before}, ${text}`)
  }
  const text = (name: string) => imapStringOrNil(first.get(name))
  const from = envelopeAddresses(all.get('from') ?? null)
  const addresses = (name: string) => envelopeAddresses(all.get(name) ?? null)
  const orFrom = (name: string) => (addresses(name) === 'NIL' ? from : addresses(name))
  const fields = [
    text('date'),
    text('subject'),
    from,
    orFrom('sender'),
    orFrom('reply-to'),
    addresses('to'),
    addresses('cc'),
    addresses('bcc'),
    text('in-reply-to'),
    text('message-id'),
  ]
  return `(${fields.join(' ')})`
}

const wanted = new Set([
  'date',
  'subject',
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'in-reply-to',
  'message-id',
])
