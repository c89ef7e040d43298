import type { MessageDescription, MessagePart } from '#store/mail.ts'
import { renderBodyStructure } from './body-structure.ts'
import { renderEnvelope } from './envelope.ts'
import { fromLatin1 } from './imap-string.ts'
import { makeLineCounter } from './line-counter.ts'
import { type Entity, parseEntity } from './mime-entity.ts'
import { headerText } from './mime-header.ts'
import { parameter, parseParameterised } from './mime-value.ts'

/**
 * Everything the store keeps about a message besides its bytes. Total: any bytes are some message. Linear in
 * the size of `raw`; depth and number of parts are bounded.
 */
export function describeMessage(raw: Uint8Array): MessageDescription {
  const buffer = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const entity = parseEntity(buffer)
  const source = { raw: buffer, countLines: makeLineCounter(buffer) }
  return {
    envelope: fromLatin1(renderEnvelope(buffer, entity)),
    body: fromLatin1(renderBodyStructure(source, entity, false)),
    bodyStructure: fromLatin1(renderBodyStructure(source, entity, true)),
    root: asPart(buffer, entity),
    etp: looksLikeEtp(buffer, entity),
  }
}

function asPart(raw: Buffer, entity: Entity): MessagePart {
  const charset = parameter(entity.content, 'charset')
  const encoding = headerText(raw, entity.fields, 'content-transfer-encoding')?.toLowerCase()
  return {
    header: entity.header,
    body: entity.body,
    end: entity.end,
    type: `${entity.type}/${entity.subtype}`.toLowerCase(),
    ...(charset && { charset }),
    ...(encoding && encoding !== '7bit' && { encoding }),
    ...(entity.parts.length > 0 && { parts: entity.parts.map((part) => asPart(raw, part)) }),
    ...(entity.message && { message: asPart(raw, entity.message) }),
  }
}

/**
 * The marks of an ETP message (docs/protocol.md, "The ETP message"): its header field, or the attachment's
 * name where a gateway has dropped the field. It only widens what a service account may delete.
 */
function looksLikeEtp(raw: Buffer, entity: Entity): boolean {
  const marked = headerText(raw, entity.fields, 'x-mdap-message')
  return marked?.toLowerCase().startsWith('etp') === true || hasEtpName(raw, entity)
}

function hasEtpName(raw: Buffer, entity: Entity): boolean {
  const disposition = parseParameterised(headerText(raw, entity.fields, 'content-disposition') ?? '')
  const name = parameter(disposition, 'filename') ?? parameter(entity.content, 'name')
  return name?.toLowerCase() === 'etp.dat' || entity.parts.some((part) => hasEtpName(raw, part))
}
