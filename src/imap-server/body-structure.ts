/** BODY and BODYSTRUCTURE of a message (RFC 3501 section 7.4.2), ready to send. */
import { renderEnvelope } from './envelope.ts'
import { imapString, imapStringOrNil } from './imap-string.ts'
import type { Entity } from './mime-entity.ts'
import { headerText } from './mime-header.ts'
import { type ParameterisedValue, parseParameterised } from './mime-value.ts'

export interface StructureSource {
  readonly raw: Buffer
  readonly countLines: (start: number, end: number) => number
}

/** `extended` adds the extension data that makes BODYSTRUCTURE of BODY. */
export function renderBodyStructure(source: StructureSource, entity: Entity, extended: boolean): string {
  if (entity.parts.length === 0) return renderLeaf(source, entity, extended)
  const { raw } = source
  const parts = entity.parts.map((part) => renderBodyStructure(source, part, extended)).join('')
  const subtype = imapString(entity.subtype)
  if (!extended) return `(${parts} ${subtype})`
  return `(${parts} ${subtype} ${renderParams(entity.content)} ${commonExtension(raw, entity)})`
}

function renderLeaf(source: StructureSource, entity: Entity, extended: boolean): string {
  const { raw, countLines } = source
  const text = (name: string) => imapStringOrNil(headerText(raw, entity.fields, name))
  const encoding = headerText(raw, entity.fields, 'content-transfer-encoding')
  const fields = [
    imapString(entity.type),
    imapString(entity.subtype),
    renderParams(withDefaultCharset(entity)),
    text('content-id'),
    text('content-description'),
    imapString(encoding || '7bit'),
    String(entity.end - entity.body),
  ]
  if (entity.message) {
    fields.push(renderEnvelope(raw, entity.message), renderBodyStructure(source, entity.message, extended))
  }
  if (entity.message || entity.type.toLowerCase() === 'text')
    fields.push(String(countLines(entity.body, entity.end)))
  if (extended) fields.push(text('content-md5'), commonExtension(raw, entity))
  return `(${fields.join(' ')})`
}

/** Disposition, language, location: the same for leaves and multiparts. */
function commonExtension(raw: Buffer, entity: Entity): string {
  const disposition = headerText(raw, entity.fields, 'content-disposition')
  const language = headerText(raw, entity.fields, 'content-language')
  const location = headerText(raw, entity.fields, 'content-location')
  return `${renderDisposition(disposition)} ${renderLanguage(language)} ${imapStringOrNil(location)}`
}

function renderDisposition(text: string | null): string {
  if (!text) return 'NIL'
  const disposition = parseParameterised(text)
  return `(${imapString(disposition.value)} ${renderParams(disposition)})`
}

function renderLanguage(text: string | null): string {
  const tags = (text ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
  if (tags.length === 0) return 'NIL'
  return tags.length === 1 ? imapString(tags[0] ?? '') : `(${tags.map(imapString).join(' ')})`
}

function renderParams({ params }: ParameterisedValue): string {
  if (params.length === 0) return 'NIL'
  return `(${params.map(([name, value]) => `${imapString(name)} ${imapString(value)}`).join(' ')})`
}

function withDefaultCharset({ type, content }: Entity): ParameterisedValue {
  const named = content.params.some(([name]) => name.toLowerCase() === 'charset')
  if (type.toLowerCase() !== 'text' || named) return content
  return { value: content.value, params: [['charset', 'us-ascii'], ...content.params] }
}
