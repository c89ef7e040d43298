/** The queue of what handhelds are due, as committed, and what the commands in it order. */
import { readFileSync } from 'node:fs'
import { openColumn } from '#crypto/sealed-column.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import { openOrder } from '#policy/sealed-order.ts'
import type { Order } from '#protocol/it-command.ts'
import type { Db } from '#store/sqlite/database.ts'

export interface ItemRow {
  readonly id: number
  readonly pin: Pin
  readonly kind: 'policy' | 'books' | 'command'
  readonly command: string | null
  readonly sealed: Uint8Array | null
  readonly state: 'waiting' | 'out' | 'done' | 'refused' | 'replaced' | 'cancelled' | 'set_aside'
  readonly due_at_ms: number | null
  readonly tries: number
  readonly number: number | null
  readonly delivery_key: string | null
  readonly status: number | null
  readonly code: string | null
  /** Of the account that works on the handheld now; null: none does. */
  readonly txn: ActivationId | null
}

export const isLive = ({ state }: Pick<ItemRow, 'state'>): boolean => state === 'waiting' || state === 'out'

/** Oldest first. */
export const itemRows = (db: Db): ItemRow[] =>
  db.all<ItemRow>(
    `SELECT q.*, (SELECT txn FROM handheld h WHERE h.pin = q.pin AND h.state = 'active') AS txn
     FROM queue_item q ORDER BY id`,
  )

/** Opens what was ordered with the installation's key. */
export function orderReader(keyFile: string): (item: ItemRow) => Order | null {
  const key = new Uint8Array(readFileSync(keyFile))
  const vault = {
    seal: () => new Uint8Array(),
    open: (context: string, sealed: Uint8Array) => openColumn(key, context, sealed),
  }
  return ({ pin, sealed }) => (sealed ? openOrder(vault, pin, sealed) : null)
}
