import type { ItemChange } from '#store/queue.ts'
import { openDatabase } from '#store/sqlite/database.ts'
import type { Planted } from './planted.ts'

/** A command that was sent for seven days in vain is over. */
export const givesCommandsUp = (): Planted => ({
  governs: true,
  call: (_process, call, make, databasePath) => {
    const [change] = call.args as [ItemChange]
    if (call.name !== 'queue.change' || change.code !== 'packet.undelivered') return undefined
    const db = openDatabase(databasePath, 'read')
    const item = db.one<{ kind: string }>('SELECT kind FROM queue_item WHERE id = ?', change.id)
    db.close()
    if (item?.kind !== 'command') return undefined
    const { dueAtMs: _due, ...rest } = change
    return make({ ...call, args: [{ ...rest, state: 'replaced' }] })
  },
})
