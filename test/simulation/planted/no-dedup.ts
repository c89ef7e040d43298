import type { SendRows, SendWrite } from '#store/relay.ts'
import { openDatabase } from '#store/sqlite/database.ts'
import type { Planted } from './planted.ts'

/** The relay has forgotten every frame's name: a frame that is asked about is taken in again. */
export const noDedup = (): Planted => ({
  call: (process, call, make, databasePath) => {
    if (process.name !== 'relay') return undefined
    if (call.name === 'relay.findSendRows')
      return make(call).then((rows) => (rows as SendRows[]).map((row) => ({ ...row, known: null })))
    if (call.name !== 'relay.putSends') return undefined
    const db = openDatabase(databasePath, 'write')
    for (const { ask } of call.args[0] as readonly SendWrite[])
      db.run('DELETE FROM relay_mid WHERE sender = ? AND mid = ?', ask.sender, ask.mid)
    db.close()
    return make(call)
  },
})
