/** Content of SERVICE BOOK packets: all books of an account in one set, which replaces the set before. */
import type { MailAddress, SrpId } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import type { Decoded } from '#kernel/result.ts'
import type { CborValue } from './cbor.ts'
import { mailAddress, srpId } from './fields.ts'
import { key, keyed, optionalKey } from './record-shape.ts'
import { boolean, decodeShape, encodeShape, integerMap, list, type Shape, text, uint } from './shape.ts'

export interface BookSet {
  /** generation · 2^32 + counter, from the same source as policy numbers. */
  readonly number: number
  /** Servers that may speak for this account; packets go to the first. */
  readonly servers: readonly SrpId[]
  readonly books: readonly Book[]
}

export interface Book {
  /** Kind of service: CMIME, CICAL, SYNC; unknown ones are kept, shown and ignored. */
  readonly cid: string
  readonly uid: string
  readonly dsid: string
  readonly name: string
  readonly description: string
  /** The user may not delete it. */
  readonly protected: boolean
  /** Read by the book's kind with `read…Configuration`, so that one bad book does not spoil the set. */
  readonly configuration: BookConfiguration
}

export type BookConfiguration = ReadonlyMap<number, CborValue>

export interface CmimeConfiguration {
  readonly address: MailAddress
  readonly displayName: string
  readonly srpId: SrpId
  /** Bytes of a body that are sent without being asked for. */
  readonly bodyBytes?: number
}

export interface CicalConfiguration {
  readonly address: MailAddress
  readonly srpId: SrpId
  readonly daysBack?: number
  readonly daysAhead?: number
}

export interface SyncConfiguration {
  readonly address: MailAddress
  readonly srpId: SrpId
  /** Names of the organizer databases on offer. */
  readonly databases: readonly string[]
}

/** What the books of services that are still to come say: whose they are, and who serves them. */
export interface AccountConfiguration {
  readonly address: MailAddress
  readonly srpId: SrpId
}

const book = keyed<Book>({
  cid: key(1, text(1, 32)),
  uid: key(2, text(1, 64)),
  dsid: key(3, text(0, 64)),
  name: key(4, text(1, 64)),
  description: key(5, text(0, 256)),
  protected: key(6, boolean),
  configuration: key(7, integerMap),
})

const bookSet = keyed<BookSet>(
  { number: key(2, uint), servers: key(3, list(srpId, 1, 8)), books: key(4, list(book, 1, 32)) },
  { version: 1 },
)

const textBytesMax = 1024

const cmimeConfiguration = keyed<CmimeConfiguration>(
  {
    address: key(1, mailAddress),
    displayName: key(2, text(0, textBytesMax)),
    srpId: key(3, srpId),
    bodyBytes: optionalKey(4, uint),
  },
  { unknownKeys: 'any' },
)

const cicalConfiguration = keyed<CicalConfiguration>(
  {
    address: key(1, mailAddress),
    srpId: key(3, srpId),
    daysBack: optionalKey(4, uint),
    daysAhead: optionalKey(5, uint),
  },
  { unknownKeys: 'any' },
)

const syncConfiguration = keyed<SyncConfiguration>(
  {
    address: key(1, mailAddress),
    srpId: key(3, srpId),
    databases: key(4, list(text(0, textBytesMax), 1, textBytesMax)),
  },
  { unknownKeys: 'any' },
)

const accountConfiguration = keyed<AccountConfiguration>(
  { address: key(1, mailAddress), srpId: key(3, srpId) },
  { unknownKeys: 'any' },
)

export const decodeBookSet = (content: Uint8Array): Decoded<BookSet> =>
  decodeShape(bookSet, content, limits.contentBytesMax, 'books')

export const encodeBookSet = (set: BookSet): Uint8Array => encodeShape(bookSet, set, 'books')

export const readCmimeConfiguration = (configuration: BookConfiguration): Decoded<CmimeConfiguration> =>
  cmimeConfiguration.read(configuration, 'cmime')

export const writeCmimeConfiguration = (value: CmimeConfiguration): BookConfiguration =>
  asConfiguration(cmimeConfiguration, value)

export const readCicalConfiguration = (configuration: BookConfiguration): Decoded<CicalConfiguration> =>
  cicalConfiguration.read(configuration, 'cical')

export const writeCicalConfiguration = (value: CicalConfiguration): BookConfiguration =>
  asConfiguration(cicalConfiguration, value)

export const readSyncConfiguration = (configuration: BookConfiguration): Decoded<SyncConfiguration> =>
  syncConfiguration.read(configuration, 'sync')

export const writeSyncConfiguration = (value: SyncConfiguration): BookConfiguration =>
  asConfiguration(syncConfiguration, value)

export const writeAccountConfiguration = (value: AccountConfiguration): BookConfiguration =>
  asConfiguration(accountConfiguration, value)

function asConfiguration<T>(shape: Shape<T>, value: T): BookConfiguration {
  const map = integerMap.read(shape.write(value), 'configuration')
  return map.ok ? map.value : new Map()
}
