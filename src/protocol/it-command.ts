/** An administrator's command to one handheld, as it stands inside its CMS signature (docs/protocol.md section 13.4). */
import type { Pin, SrpId } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import { type Decoded, decoded } from '#kernel/result.ts'
import type { CborValue } from './cbor.ts'
import { pin, srpId } from './fields.ts'
import { key, keyed, optionalKey } from './record-shape.ts'
import { decodeShape, encodeShape, integer, integerMap, oneOf, type Shape, text, uint } from './shape.ts'

/** A command always names the one handheld it is for. */
interface Addressed {
  /** generation · 2^32 + counter: commands count on their own, policies and books do not share their numbers. */
  readonly number: number
  readonly srpId: SrpId
  readonly pin: Pin
  /** Unix seconds. */
  readonly issuedAt: number
}

export interface LockOrder {
  readonly command: 'lock'
  /** The handheld's new password, as the user will type it. It stays inside the packet and what it is sealed in. */
  readonly password?: string
  readonly ownerText?: string
}

export interface SetOwnerOrder {
  readonly command: 'set_owner'
  readonly ownerText: string
}

export interface WipeOrder {
  readonly command: 'wipe'
  readonly scope: WipeScope
  /** Seconds that the handheld waits before it begins; 0: now. */
  readonly waitSeconds: number
}

export interface CancelWipeOrder {
  readonly command: 'cancel_wipe'
}

/** A command of a later version: answered with ACK 7. */
export interface UnknownOrder {
  readonly command: 'unknown'
  readonly name: string
  readonly options: Options
}

export type Order = LockOrder | SetOwnerOrder | WipeOrder | CancelWipeOrder | UnknownOrder
export type ItCommand = Addressed & Order
type Options = ReadonlyMap<number, CborValue>

/** What a wipe takes, by its number on the wire. */
export const wipeScope = { everything: 0, organisation: 1 } as const
export type WipeScope = (typeof wipeScope)[keyof typeof wipeScope]

export const commandNames = ['lock', 'set_owner', 'wipe', 'cancel_wipe'] as const
export type CommandName = (typeof commandNames)[number]

export const isCommandName = (name: string): name is CommandName =>
  commandNames.some((known) => known === name)

/** The name on the wire, which stands outside the signature as well. */
export const wireName = (order: Order): string => (order.command === 'unknown' ? order.name : order.command)

export const commandNameShape = text(1, 64)
/** In UTF-8; the rule `owner_text` has the same limit. */
export const ownerTextBytesMax = 128
export const handheldPasswordBytesMax = 128
/** Thirty days: after that a handheld that was let go is no longer listed. */
export const wipeWaitSecondsMax = 30 * 24 * 60 * 60

interface Envelope extends Addressed {
  readonly name: string
  readonly options: Options
}

const envelope = keyed<Envelope>(
  {
    name: key(2, commandNameShape),
    number: key(3, uint),
    srpId: key(4, srpId),
    pin: key(5, pin),
    issuedAt: key(6, uint),
    options: key(7, integerMap),
  },
  { version: 1 },
)

/** Options are extended as a book's configuration is: an unknown integer key is ignored. */
const ignoring = { unknownKeys: 'any' } as const
const ownerText = text(0, ownerTextBytesMax)

const lock = keyed<Omit<LockOrder, 'command'>>(
  { password: optionalKey(1, text(1, handheldPasswordBytesMax)), ownerText: optionalKey(2, ownerText) },
  ignoring,
)
const setOwner = keyed<Omit<SetOwnerOrder, 'command'>>({ ownerText: key(2, ownerText) }, ignoring)
const wipe = keyed<Omit<WipeOrder, 'command'>>(
  {
    scope: key(1, oneOf(wipeScope.everything, wipeScope.organisation)),
    waitSeconds: key(2, integer(0, wipeWaitSecondsMax)),
  },
  ignoring,
)

const itCommand: Shape<ItCommand> = {
  read: (value, at) => {
    const outer = envelope.read(value, at)
    if (!outer.ok) return outer
    const { name, options, ...addressed } = outer.value
    const order = readOrder(name, options, `${at}.options`)
    return order.ok ? decoded({ ...addressed, ...order.value }) : order
  },
  write: (command) => {
    const { number, srpId: to, pin: handheld, issuedAt } = command
    const head = { name: wireName(command), number, srpId: to, pin: handheld, issuedAt }
    return envelope.write({ ...head, options: writtenOptions(command) })
  },
}

function readOrder(name: string, options: Options, at: string): Decoded<Order> {
  switch (name) {
    case 'lock':
      return withName(name, lock.read(options, at))
    case 'set_owner':
      return withName(name, setOwner.read(options, at))
    case 'wipe':
      return withName(name, wipe.read(options, at))
    case 'cancel_wipe':
      return decoded({ command: name })
    default:
      return decoded({ command: 'unknown', name, options })
  }
}

const withName = <N extends string, T extends object>(command: N, fields: Decoded<T>) =>
  fields.ok ? decoded({ command, ...fields.value }) : fields

function writtenOptions(order: Order): Options {
  switch (order.command) {
    case 'lock':
      return asOptions(lock, order)
    case 'set_owner':
      return asOptions(setOwner, order)
    case 'wipe':
      return asOptions(wipe, order)
    case 'cancel_wipe':
      return new Map()
    case 'unknown':
      return order.options
  }
}

function asOptions<T>(shape: Shape<T>, value: T): Options {
  const map = integerMap.read(shape.write(value), 'options')
  return map.ok ? map.value : new Map()
}

export const decodeItCommand = (content: Uint8Array): Decoded<ItCommand> =>
  decodeShape(itCommand, content, limits.contentBytesMax, 'command')

export const encodeItCommand = (command: ItCommand): Uint8Array => encodeShape(itCommand, command, 'command')
