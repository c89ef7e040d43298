import type { HandheldAccount, MasterKey } from '../handhelds.ts'

export interface AccountRow {
  pin: HandheldAccount['pin']
  user_id: number
  txn: HandheldAccount['txn']
  state: HandheldAccount['state']
  model: string
  software: string
  platform: string
  device_key: string
  activated_at_ms: number
  heard_at_ms: number
  policy_sent: number
  policy_applied: number
  policy_left_out: string
  books_sent: number
  books_applied: number
  books_left_out: string
  policy_digest: string
  books_digest: string
  wipe_at_ms: number | null
  replaced_by: HandheldAccount['replacedBy']
}

export interface KeyRow {
  pin: MasterKey['pin']
  kid: number
  suite: MasterKey['suite']
  txn: MasterKey['txn']
  state: MasterKey['state']
  sealed: Uint8Array
  replay_window: Uint8Array
  next_seq: number
  created_at_ms: number
  current_since_ms: number | null
  hybrid: number
  roll_wanted_at_ms: number | null
}

export const accountFromRow = (row: AccountRow): HandheldAccount => ({
  pin: row.pin,
  userId: row.user_id,
  txn: row.txn,
  state: row.state,
  model: row.model,
  software: row.software,
  platform: row.platform,
  deviceKey: row.device_key,
  activatedAtMs: row.activated_at_ms,
  heardAtMs: row.heard_at_ms,
  policy: {
    sent: row.policy_sent,
    applied: row.policy_applied,
    leftOut: JSON.parse(row.policy_left_out) as string[],
    digest: row.policy_digest,
  },
  books: {
    sent: row.books_sent,
    applied: row.books_applied,
    leftOut: JSON.parse(row.books_left_out) as string[],
    digest: row.books_digest,
  },
  wipeAtMs: row.wipe_at_ms,
  replacedBy: row.replaced_by,
})

export const keyFromRow = (row: KeyRow): MasterKey => ({
  pin: row.pin,
  kid: row.kid,
  suite: row.suite,
  txn: row.txn,
  state: row.state,
  sealed: row.sealed,
  window: row.replay_window,
  createdAtMs: row.created_at_ms,
  currentSinceMs: row.current_since_ms,
  hybrid: row.hybrid === 1,
  rollWantedAtMs: row.roll_wanted_at_ms,
})
