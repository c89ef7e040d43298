/**
 * Another storage key: made in a file of its own, then everything that is sealed is sealed under it, then it takes the
 * old one's place. Until then both keys open, so that it may be interrupted anywhere and begun again.
 */
import { beginRotation, checkName, finishRotation } from '#edge/storage-key.ts'
import { Fault } from '#kernel/fault.ts'
import { openDatabase } from '#store/sqlite/database.ts'
import { putFact } from '#store/sqlite/installation-rows.ts'
import { reseal } from '#store/sqlite/reseal.ts'
import type { Base } from './base.ts'
import { sealedPlaces } from './sealed-places.ts'

/** @throws Fault storage_key.wrong where something opens under neither key; nothing is lost by that */
export async function rotateStorageKey({ config, random, log, failpoint }: Base): Promise<{ rows: number }> {
  const { path, storage_key: source, storage_key_file: keyFile } = config.store
  if (source !== 'file')
    throw new Fault('admin.usage', `the storage key is a ${source}: only one in a file can be replaced`)
  const rotation = beginRotation(keyFile, random)
  const db = openDatabase(path, 'write')
  try {
    let rows = 0
    for (const place of sealedPlaces) {
      rows += reseal(db, place, rotation.turn)
      failpoint('storage_key.between_places')
    }
    putFact(db, checkName, rotation.check)
    failpoint('storage_key.after_check')
    finishRotation(keyFile)
    log.info({ rows }, 'the storage key was replaced')
    return { rows }
  } finally {
    db.close()
  }
}
