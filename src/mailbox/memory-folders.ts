/** The folders of the mail server in memory, and the ways mail comes into them. */
import type { Clock } from '#kernel/clock.ts'

export interface MemoryMessage {
  readonly uid: number
  readonly raw: Uint8Array
  readonly internalDateMs: number
  readonly flags: Set<string>
}

export interface MemoryFolder {
  uidValidity: number
  uidNext: number
  /** Ascending by UID. */
  messages: MemoryMessage[]
  readonly listeners: Set<() => void>
  /** The service account may read, but not remove. */
  readOnly: boolean
}

export interface MemoryDelivery {
  readonly delayMs?: number
  readonly copies?: number
  /** Kept back until that many later messages have come. */
  readonly overtakenBy?: number
  readonly internalDateMs?: number
}

export interface MemoryFolders {
  create(name: string): MemoryFolder
  find(name: string): MemoryFolder | null
  names(): readonly string[]
  deliver(name: string, raw: Uint8Array, how?: MemoryDelivery): void
  renumber(name: string): void
}

export function makeMemoryFolders(clock: Clock): MemoryFolders {
  const folders = new Map<string, MemoryFolder>()
  const keptBack: { name: string; left: number; put(): void }[] = []
  let lastUidValidity = 1_000

  const create = (name: string): MemoryFolder => {
    lastUidValidity += 1
    const folder: MemoryFolder = {
      uidValidity: lastUidValidity,
      uidNext: 1,
      messages: [],
      listeners: new Set(),
      readOnly: false,
    }
    folders.set(name, folder)
    return folder
  }

  const put = (name: string, raw: Uint8Array, internalDateMs = clock.nowMs()): void => {
    const folder = folders.get(name) ?? create(name)
    const message = { uid: folder.uidNext, raw, internalDateMs, flags: new Set<string>() }
    folder.uidNext += 1
    folder.messages = [...folder.messages, message]
    for (const listener of folder.listeners) listener()
    for (const kept of keptBack.filter((one) => one.name === name)) {
      kept.left -= 1
      if (kept.left > 0) continue
      keptBack.splice(keptBack.indexOf(kept), 1)
      kept.put()
    }
  }

  return {
    create,
    find: (name) => folders.get(name) ?? null,
    names: () => [...folders.keys()],
    deliver: (name, raw, how = {}) => {
      const once = () => put(name, raw, how.internalDateMs)
      const arrive = () => {
        if (how.overtakenBy) keptBack.push({ name, left: how.overtakenBy, put: once })
        else for (let copies = how.copies ?? 1; copies > 0; copies -= 1) once()
      }
      if (how.delayMs) clock.after(how.delayMs, arrive)
      else arrive()
    },
    renumber: (name) => {
      const old = folders.get(name)
      const folder = create(name)
      for (const message of old?.messages ?? []) put(name, message.raw, message.internalDateMs)
      for (const listener of old?.listeners ?? []) folder.listeners.add(listener)
    },
  }
}
