/**
 * Finds the files in a mail that may be an ETP.DAT. Names, types and headers decide nothing: every part is
 * decoded, and the first bytes, or an armour block in a text, tell (docs/protocol.md, "The mail").
 */
import { type AttachmentStream, MailParser } from 'mailparser'
import { sameBytes } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import { hasEtpMagic } from '#protocol/etp.ts'
import { findEtpArmour } from '#protocol/etp-armour.ts'

export interface Extracted {
  /** Each at most `limits.etpFileBytesMax`, none twice. Only the relay's seal says whether one is real. */
  readonly files: readonly Uint8Array[]
  /** Why the mail was not read to its end, or null. */
  readonly stoppedAt: string | null
}

interface Search {
  readonly files: Uint8Array[]
  partsLeft: number
  stoppedAt: string | null
}

/** A mail has the file as a part and as armour, and a forward the same again; more is no honest mail. */
const filesMax = 16
const headerBytesMax = 64 * 1024
const messageTypes = /^message\/(?:rfc822|global)$/i

/** Never rejects for the mail's sake; takes time and memory, so that strangers' mail is read in a worker. */
export async function extractEtpFiles(mail: Uint8Array): Promise<Extracted> {
  if (mail.length > limits.etpMailBytesMax) return { files: [], stoppedAt: 'size' }
  const search: Search = { files: [], partsLeft: limits.mimePartsMax, stoppedAt: null }
  try {
    await searchMessage(search, mail, 1)
  } catch (error) {
    search.stoppedAt = error instanceof Error ? error.message : 'error'
  }
  return { files: search.files, stoppedAt: search.stoppedAt }
}

async function searchMessage(search: Search, mail: Uint8Array, depth: number): Promise<void> {
  const inside: Uint8Array[] = []
  for await (const part of partsOf(mail)) {
    search.partsLeft -= 1
    if (search.partsLeft < 0) throw new Error('parts')
    if (part.depth > limits.mimeDepthMax) continue
    if (hasEtpMagic(part.content)) keep(search, part.content)
    else if (messageTypes.test(part.type)) inside.push(part.content)
    else if (part.isText) for (const file of findEtpArmour(latin1(part.content))) keep(search, file)
  }
  for (const message of inside) {
    if (depth < limits.mimeDepthMax) await searchMessage(search, message, depth + 1)
    else search.stoppedAt = 'depth'
  }
}

function keep(search: Search, file: Uint8Array): void {
  if (file.length > limits.etpFileBytesMax || search.files.length >= filesMax) return
  if (!search.files.some((known) => sameBytes(known, file))) search.files.push(new Uint8Array(file))
}

interface Part {
  readonly content: Uint8Array
  readonly type: string
  /** Text that a person wrote to be read; HTML is never opened. */
  readonly isText: boolean
  /** How many multiparts it is in. */
  readonly depth: number
}

/** Every part that is no multipart, with its transfer encoding taken off; a message in it is one part. */
async function* partsOf(mail: Uint8Array): AsyncGenerator<Part> {
  const parser = new MailParser({
    ignoreEmbedded: true,
    checksumAlgo: false,
    maxChildNodes: limits.mimePartsMax,
    maxHeadSize: headerBytesMax,
  })
  // No type is text to the parser: texts come as bytes like the rest, since decoding to characters would
  // damage a file that a gateway has declared as text, and turning HTML into text is no work of ours.
  Object.assign(parser, { textTypes: [] })
  parser.end(mail)
  for await (const part of parser) {
    if (isAttachment(part)) yield await read(part)
  }
}

async function read(part: AttachmentStream): Promise<Part> {
  const chunks: Uint8Array[] = []
  for await (const chunk of part.content) chunks.push(chunk)
  part.release?.()
  const declared = part.headers.get('content-type')
  const type = isStructured(declared) ? declared.value.toLowerCase() : 'text/plain'
  return {
    content: Buffer.concat(chunks),
    type: messageTypes.test(part.contentType) ? part.contentType : type,
    isText: type.startsWith('text/') && type !== 'text/html',
    depth: part.partId?.split('.').length ?? 0,
  }
}

const isAttachment = (value: unknown): value is AttachmentStream =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'attachment'

const isStructured = (value: unknown): value is { readonly value: string } =>
  typeof value === 'object' && value !== null && 'value' in value && typeof value.value === 'string'

/** The armour is ASCII, so that any character set that has ASCII in it may be read as this one. */
const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
