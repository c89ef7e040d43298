/** The part of the state that is about orders and the lock: what was commanded, what was refused, what guards the screen. */
import type { AckStatus } from '#protocol/ack.ts'

/** The last command carried out: it alone is answered again, older ones are refused. */
export interface AppliedCommand {
  readonly name: string
  readonly number: number
  readonly hash: Uint8Array
  readonly status: AckStatus
  readonly leftOut: readonly string[]
}

/** A wipe that was ordered and has not begun. */
export interface WaitingWipe {
  readonly scope: 'everything' | 'organisation'
  readonly takenAtMs: number
  readonly dueMs: number
  /** The relay has our acknowledgement; without that it is waited for a while. */
  readonly receipted: boolean
}

/** What an administrator signed and this handheld did not take, until the next of its kind is taken. */
export interface Refusal {
  readonly what: 'policy' | 'command'
  /** Of the ACK that said so. */
  readonly status: number
  /** Why a signature did not verify. */
  readonly reason: string | null
  readonly atMs: number
}

/** The handheld's own password and lock: the user's, whatever organisation the handheld serves. */
export interface Lock {
  /** Of all its hashes; made with the first password. */
  readonly salt: Uint8Array | null
  readonly password: { readonly hash: Uint8Array; readonly setAtMs: number } | null
  /** Hashes of passwords before this one, newest first. */
  readonly earlier: readonly Uint8Array[]
  readonly locked: boolean
  /** The password was typed, and no longer fits the rules: nothing is shown before it is changed. */
  readonly mustChange: boolean
  /** In a row. */
  readonly wrongTries: number
  readonly lastUsedAtMs: number
}

/** No password yet, and nothing locked. */
export const openLock: Lock = {
  salt: null,
  password: null,
  earlier: [],
  locked: false,
  mustChange: false,
  wrongTries: 0,
  lastUsedAtMs: 0,
}
