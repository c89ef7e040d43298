/**
 * The answers a directory may give, as bytes (RFC 4511 section 4, in BER): cut out of the stream one by one, and held to
 * their grammar before anybody reads them. What is refused here ends the connection.
 */

/** Longest answer: an entry with all that was asked of it, such as a group with its members. */
export const messageBytesMax = 4 * 1024 * 1024

/** What came is none of what LDAP allows, or more than is ever taken. */
export class Broken extends Error {
  override name = 'Broken'
}

const tags = {
  boolean: 0x01,
  integer: 0x02,
  octets: 0x04,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
  controls: 0xa0,
  bindAnswer: 0x61,
  entry: 0x64,
  searchDone: 0x65,
  reference: 0x73,
  extendedAnswer: 0x78,
} as const

/** One tag with its length: where its content begins and ends. */
interface Element {
  readonly tag: number
  readonly from: number
  readonly to: number
}

/** Length of the whole first message; null while too little of it is there. @throws Broken where it can be none */
export function messageLength(bytes: Uint8Array): number | null {
  if (bytes.length === 0) return null
  if (bytes[0] !== tags.sequence) throw new Broken('the answer is no LDAP message')
  const head = lengthAt(bytes, 1, bytes.length)
  if (head === null) return null
  const length = head.from + head.length
  if (length > messageBytesMax)
    throw new Broken(`an answer of ${length} bytes is longer than ${messageBytesMax}`)
  return length
}

/** How many elements the message has, at every depth: each costs memory, however short. */
export function countElements(bytes: Uint8Array): number {
  let count = 0
  for (let at = 0; at < bytes.length; count += 1) {
    const head = lengthAt(bytes, at + 1, bytes.length)
    if (!head) return count
    at = isConstructed(bytes[at] ?? 0) ? head.from : head.from + head.length
  }
  return count
}

const isConstructed = (tag: number): boolean => (tag & 0x20) !== 0

/** Whether these bytes are exactly one answer that a client may get to a log-in, a search, or StartTLS. */
export function isAnswer(bytes: Uint8Array): boolean {
  const all = elements(bytes, 0, bytes.length)
  const [message] = all ?? []
  if (!message || all?.length !== 1 || message.tag !== tags.sequence) return false
  const [id, operation, controls, ...more] = inside(bytes, message) ?? []
  if (!id || !operation || more.length > 0) return false
  if (id.tag !== tags.integer || !isShortInteger(id)) return false
  return isOperation(bytes, operation) && (controls === undefined || areControls(bytes, controls))
}

const pagedResults = '1.2.840.113556.1.4.319'

/** Whether this answer ends one page of a search and says that another follows (RFC 2696); null of other answers. */
export function moreFollows(bytes: Uint8Array): boolean | null {
  const [message] = elements(bytes, 0, bytes.length) ?? []
  const [, operation, controls] = (message && inside(bytes, message)) ?? []
  if (operation?.tag !== tags.searchDone) return null
  return (controls ? (inside(bytes, controls) ?? []) : []).some((control) => {
    const parts = inside(bytes, control) ?? []
    const [type, value] = [parts[0], parts.at(-1)]
    if (!type || !value || Buffer.from(bytes.subarray(type.from, type.to)).toString() !== pagedResults)
      return false
    const [sequence] = inside(bytes, value) ?? []
    const [, cookie] = (sequence && inside(bytes, sequence)) ?? []
    return cookie !== undefined && cookie.to > cookie.from
  })
}

function isOperation(bytes: Uint8Array, operation: Element): boolean {
  switch (operation.tag) {
    case tags.entry:
      return isEntry(bytes, operation)
    case tags.reference:
      return (inside(bytes, operation) ?? [nothing]).every(({ tag }) => tag === tags.octets)
    case tags.bindAnswer:
    case tags.searchDone:
    case tags.extendedAnswer:
      return isResult(bytes, operation)
    default:
      return false
  }
}

/** resultCode, matchedDN, diagnosticMessage, and fields of the operation's own with context tags. */
function isResult(bytes: Uint8Array, operation: Element): boolean {
  const [code, matched, says, ...more] = inside(bytes, operation) ?? []
  return (
    code?.tag === tags.enumerated &&
    isShortInteger(code) &&
    matched?.tag === tags.octets &&
    says?.tag === tags.octets &&
    more.every(({ tag }) => (tag & 0xc0) === 0x80)
  )
}

/** objectName and attributes, each a type with a set of values. */
function isEntry(bytes: Uint8Array, operation: Element): boolean {
  const [name, attributes, ...more] = inside(bytes, operation) ?? []
  if (name?.tag !== tags.octets || attributes?.tag !== tags.sequence || more.length > 0) return false
  return (inside(bytes, attributes) ?? [nothing]).every((attribute) => isAttribute(bytes, attribute))
}

function isAttribute(bytes: Uint8Array, attribute: Element): boolean {
  if (attribute.tag !== tags.sequence) return false
  const [type, values, ...more] = inside(bytes, attribute) ?? []
  if (type?.tag !== tags.octets || values?.tag !== tags.set || more.length > 0) return false
  return (inside(bytes, values) ?? [nothing]).every(({ tag }) => tag === tags.octets)
}

/** controlType, criticality and controlValue, of which the last two may be absent. */
function areControls(bytes: Uint8Array, controls: Element): boolean {
  if (controls.tag !== tags.controls) return false
  return (inside(bytes, controls) ?? [nothing]).every((control) => {
    if (control.tag !== tags.sequence) return false
    const [type, ...rest] = inside(bytes, control) ?? []
    const [last, ...more] = rest[0]?.tag === tags.boolean ? rest.slice(1) : rest
    return type?.tag === tags.octets && more.length === 0 && (last === undefined || last.tag === tags.octets)
  })
}

/** Stands for content that is no row of elements: nothing fits it. */
const nothing: Element = { tag: -1, from: 0, to: 0 }

const isShortInteger = ({ from, to }: Element): boolean => to - from >= 1 && to - from <= 4

const inside = (bytes: Uint8Array, { from, to }: Element): Element[] | null => elements(bytes, from, to)

/** The elements that fill these bytes from end to end; null where they do not. */
function elements(bytes: Uint8Array, from: number, to: number): Element[] | null {
  const found: Element[] = []
  for (let at = from; at < to; ) {
    const tag = bytes[at] ?? 0
    const head = at + 1 < to ? lengthAt(bytes, at + 1, to) : null
    if (!head || head.length > to - head.from) return null
    found.push({ tag, from: head.from, to: head.from + head.length })
    at = head.from + head.length
  }
  return found
}

/** Where the content begins and how long it is; null where the length itself is not whole, endless where it is no length. */
function lengthAt(
  bytes: Uint8Array,
  at: number,
  to: number,
): { readonly from: number; readonly length: number } | null {
  const first = bytes[at]
  if (first === undefined || at >= to) return null
  if (first < 0x80) return { from: at + 1, length: first }
  const count = first & 0x7f
  if (count === 0 || count > 4) return { from: at + 1, length: Number.POSITIVE_INFINITY }
  if (at + count >= to) return null
  let length = 0
  for (let i = 1; i <= count; i += 1) length = length * 256 + (bytes[at + i] ?? 0)
  return { from: at + 1 + count, length }
}
