/** A message under SEARCH: its bytes are read when a criterion asks for them, and taken apart once for all criteria. */
import { setImmediate as breathe } from 'node:timers/promises'
import type { MessageDescription, MessageRow } from '#store/mail.ts'
import { latin1 } from './imap-string.ts'
import { fieldText, type HeaderField, headerFields } from './mime-header.ts'
import { makePace } from './pace.ts'
import { decodedText, decodeHeader, folded, textParts } from './search-text.ts'
import type { ImapContext } from './session.ts'

type Messages = Pick<ImapContext, 'store' | 'describe'>

/** A header is searched this far. */
const headerBytesMax = 256 * 1024
/** Texts looked for in one part, of 4 MiB at most, before other work gets its turn. */
const textsPerTurn = 8

interface Header {
  readonly raw: Buffer
  readonly fields: readonly HeaderField[]
}

export class Candidate {
  readonly row: MessageRow
  readonly recent: boolean
  readonly #context: Messages
  readonly #texts: ReadonlySet<string>
  #description: Promise<MessageDescription | null> | null = null
  #header: Promise<Header> | null = null
  #inBody: Promise<ReadonlySet<string>> | null = null

  /** @param texts every text, folded, that any criterion will ask of the body */
  constructor(context: Messages, row: MessageRow, recent: boolean, texts: ReadonlySet<string>) {
    this.row = row
    this.recent = recent
    this.#context = context
    this.#texts = texts
  }

  /** The folded values of every field of this name. */
  async headerValues(name: string): Promise<string[]> {
    const { raw, fields } = await this.#readHeader()
    return fields
      .filter((field) => field.name === name)
      .map((field) => folded(decodeHeader(fieldText(raw, field))))
  }

  async headerHas(text: string): Promise<boolean> {
    const { raw } = await this.#readHeader()
    return folded(decodeHeader(latin1(raw))).includes(text)
  }

  async bodyHas(text: string): Promise<boolean> {
    this.#inBody ??= this.#findInBody()
    return (await this.#inBody).has(text)
  }

  /** A command may have hundreds of criteria: each gives way, so that none of them stops the whole server. */
  async #readHeader(): Promise<Header> {
    await breathe()
    this.#header ??= this.#loadHeader()
    return this.#header
  }

  async #loadHeader(): Promise<Header> {
    const root = (await this.#describe())?.root
    const bytes = root && (await this.#read(0, Math.min(root.body, headerBytesMax)))
    const raw = bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.alloc(0)
    return { raw, fields: headerFields(raw, 0, raw.length) }
  }

  async #findInBody(): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    const root = (await this.#describe())?.root
    const pace = makePace(textsPerTurn)
    for (const part of root ? textParts(root) : []) {
      await breathe()
      const content = folded(await decodedText(part, (start, length) => this.#read(start, length)))
      for (const text of this.#texts) {
        if (found.has(text)) continue
        if (content.includes(text)) found.add(text)
        await pace()
      }
    }
    return found
  }

  #describe(): Promise<MessageDescription | null> {
    this.#description ??= this.#context.describe(this.row)
    return this.#description
  }

  #read(start: number, length: number): Promise<Uint8Array | null> {
    return this.#context.store.readBody(this.row.bodyId, start, length)
  }
}
