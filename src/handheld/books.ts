/** Service books: one set replaces the one before, and with the first the handheld is in service. */
import { sha256 } from '#crypto/hash.ts'
import type { MailAddress, SrpId } from '#kernel/brand.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { ackStatus, encodeNamesLeftOut } from '#protocol/ack.ts'
import {
  type Book,
  type BookSet,
  decodeBookSet,
  readCicalConfiguration,
  readCmimeConfiguration,
  readSyncConfiguration,
} from '#protocol/service-book.ts'
import { acknowledge } from './acknowledge.ts'
import type { Opened } from './link.ts'
import { enabledText, screens } from './screen.ts'
import { type Account, type BookNumber, peersOf } from './state.ts'
import { tookBooks } from './taken.ts'
import { change, sendPeers, show, type Turn } from './turn.ts'

/** What a set means to the user: the address that is enabled, and the synchronization service. */
export interface Services {
  readonly address: MailAddress
  readonly syncSrpId: SrpId
  /** UIDs of books that could not be registered. */
  readonly leftOut: readonly string[]
}

export function onBooks(turn: Turn, opened: Opened): void {
  const { account } = turn.state
  if (!account) return
  if (!account.policyConfirmed) {
    acknowledge(turn, opened, { status: ackStatus.notNow })
    return
  }
  const set = opened.content && decodeBookSet(opened.content)
  const services = set?.ok ? readServices(set.value) : null
  if (!opened.content || !set?.ok || !services) {
    acknowledge(turn, opened, { status: ackStatus.refusedForm })
    return
  }
  const number = { number: set.value.number, hash: sha256(opened.content) }
  if (!isCurrent(account.bookNumber, number)) {
    acknowledge(turn, opened, { status: ackStatus.refusedNumber })
    return
  }
  register(turn, account, set.value, services, { ...number, content: opened.content })
  acknowledge(turn, opened, { ...partly(services), point: 'books', completes: !account.complete })
}

/** Null where there is no mail service: without a CMIME book that can be read nothing works. */
export function readServices(set: BookSet): Services | null {
  const leftOut = unusable(set.books)
  const usable = set.books.filter((book) => !leftOut.includes(book.uid))
  const cmime = configurationOf(usable, 'CMIME', readCmimeConfiguration)
  if (!cmime) return null
  const sync = configurationOf(usable, 'SYNC', readSyncConfiguration)
  return { address: cmime.address, syncSrpId: (sync ?? cmime).srpId, leftOut }
}

/** Shown when the first set is registered, and again when the process restarts before the end. */
export function showServices(turn: Turn, services: Services): void {
  show(turn, screens.servicesReceived)
  show(turn, enabledText(services.address, services.syncSrpId))
}

function register(
  turn: Turn,
  account: Account,
  set: BookSet,
  services: Services,
  { content, ...bookNumber }: BookNumber & { readonly content: Uint8Array },
): void {
  const peersBefore = peersOf(turn.state).join()
  const books = { content, leftOut: services.leftOut }
  change(turn, { account: { ...account, stage: 'active', servers: set.servers, bookNumber, books } })
  if (peersOf(turn.state).join() !== peersBefore) sendPeers(turn)
  tookBooks(turn, account)
  if (!account.complete) showServices(turn, services)
}

/** Newer, or the very set that is stored: after an activation anew the same one comes again. */
const isCurrent = (stored: BookNumber | null, number: BookNumber): boolean =>
  !stored ||
  number.number > stored.number ||
  (number.number === stored.number && sameBytes(number.hash, stored.hash))

const partly = ({ leftOut }: Services) =>
  leftOut.length === 0
    ? { status: ackStatus.applied }
    : { status: ackStatus.appliedInPart, detail: encodeNamesLeftOut(leftOut) }

const readers: Readonly<Record<string, (configuration: Book['configuration']) => { readonly ok: boolean }>> =
  {
    CMIME: readCmimeConfiguration,
    CICAL: readCicalConfiguration,
    SYNC: readSyncConfiguration,
  }

/** UIDs of known books whose configuration cannot be read, and of books that repeat a UID. */
function unusable(books: readonly Book[]): readonly string[] {
  const seen = new Set<string>()
  const bad = new Set<string>()
  for (const { cid, uid, configuration } of books) {
    const read = Object.hasOwn(readers, cid) ? readers[cid] : undefined
    if (seen.has(uid) || (read && !read(configuration).ok)) bad.add(uid)
    seen.add(uid)
  }
  return [...bad]
}

function configurationOf<T>(
  books: readonly Book[],
  cid: string,
  read: (
    configuration: Book['configuration'],
  ) => { readonly ok: true; readonly value: T } | { readonly ok: false },
): T | null {
  const book = books.find((one) => one.cid === cid)
  const configuration = book && read(book.configuration)
  return configuration?.ok ? configuration.value : null
}
