import type { Delivery } from '#store/deliveries.ts'
import { openDatabase } from '#store/sqlite/database.ts'
import type { Planted } from './planted.ts'

/** Whatever policy a handheld acknowledges, the newest one is taken to be applied. */
export const olderAnswerCounts = (): Planted => ({
  governs: true,
  call: (_process, call, make, databasePath) => {
    if (call.name !== 'deliveries.byPacket') return undefined
    return make(call).then((found) => {
      const delivery = found as Delivery | null
      if (!delivery?.key.startsWith('item:') || delivery.of !== 'policy') return delivery
      const db = openDatabase(databasePath, 'read')
      const newest = db.one<{ delivery_key: string }>(
        "SELECT delivery_key FROM queue_item WHERE pin = ? AND kind = 'policy' AND state = 'out'",
        String(call.args[0]),
      )
      db.close()
      return { ...delivery, key: newest?.delivery_key ?? delivery.key }
    })
  },
})
