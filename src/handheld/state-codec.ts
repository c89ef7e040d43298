/** The state as text for the disk: JSON, with byte strings and maps under a key of their own. */
import { fromBase64, toBase64 } from '#kernel/bytes.ts'
import { Fault } from '#kernel/fault.ts'
import { type Account, type HandheldState, initialState } from './state.ts'

/** What one handheld keeps: its own key and all that it knows. */
export interface SavedHandheld {
  /** Seed of the device's Ed25519 key, 32 bytes. */
  readonly seed: Uint8Array
  readonly state: HandheldState
}

const format = 'postkey-handheld-1'
const bytesKey = '$bytes'
const mapKey = '$map'

export const encodeSaved = (saved: SavedHandheld): string =>
  `${JSON.stringify({ format, saved: toJson(saved) }, null, 1)}\n`

/** @throws Fault handheld.damaged where the text is not what `encodeSaved` wrote */
export function decodeSaved(text: string): SavedHandheld {
  const value = parsed(text)
  if (!isRecord(value) || value.format !== format)
    throw new Fault('handheld.damaged', 'not a handheld of this version')
  const saved = fromJson(value.saved)
  if (!isSaved(saved)) throw new Fault('handheld.damaged', 'a part of it is missing')
  return { seed: saved.seed, state: withNewerParts(saved.state) }
}

/** What a handheld saved by an earlier version does not say yet. */
function withNewerParts(state: HandheldState): HandheldState {
  const account = state.account && { ...accountDefaults, ...state.account }
  return { ...initialState(state.device), ...state, account }
}

const accountDefaults: Pick<Account, 'command' | 'ownerText' | 'silence' | 'wipe'> = {
  command: null,
  ownerText: null,
  silence: null,
  wipe: null,
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Fault('handheld.damaged', 'not JSON', error)
  }
}

function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return { [bytesKey]: toBase64(value) }
  if (value instanceof Map) return { [mapKey]: [...value].map(([key, item]) => [key, toJson(item)]) }
  if (Array.isArray(value)) return value.map(toJson)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]))
}

function fromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromJson)
  if (!isRecord(value)) return value
  const bytes = value[bytesKey]
  if (typeof bytes === 'string') return fromBase64(bytes)
  const entries = value[mapKey]
  if (Array.isArray(entries)) return new Map(entries.map(([key, item]) => [key, fromJson(item)]))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromJson(item)]))
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Our own file, so its outline is enough: it was written whole or not at all. */
function isSaved(value: unknown): value is SavedHandheld {
  if (!isRecord(value) || !(value.seed instanceof Uint8Array) || !isRecord(value.state)) return false
  const { device, outbox, held, parts, unanswered } = value.state
  return isRecord(device) && [outbox, held, parts, unanswered].every(Array.isArray)
}
