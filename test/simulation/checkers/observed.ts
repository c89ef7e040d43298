/** What an onlooker sees of a world after a step: the database as committed, the handhelds as saved. */
import type { Activation } from '#activation/activation.ts'
import type { ActivationEvent } from '#activation/event.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import type { Db } from '#store/sqlite/database.ts'
import type { World } from '../world/world.ts'
import { type ItemRow, itemRows } from './queue-rows.ts'

/** Whose commits may change the queue, or whom it is for. */
const queueMovers = ['queue', 'activations', 'handhelds', 'users']

export class Observed {
  readonly world: World
  readonly db: Db
  /** All activations as of the last look. */
  readonly activations = new Map<ActivationId, Activation>()
  /** Those that differ from the look before, with what they were. */
  changes: { readonly before: Activation | undefined; readonly now: Activation }[] = []
  logLines: readonly string[] = []
  /** What is queued for handhelds, oldest first; null where that cannot have changed since the look before. */
  items: readonly ItemRow[] | null = null
  /** Methods of the store that were committed since the look before. */
  committed: ReadonlySet<string> = new Set()

  constructor(world: World) {
    this.world = world
    this.db = world.openObserver()
  }

  refresh(): void {
    this.logLines = this.world.newLogLines
    this.world.newLogLines = []
    this.committed = this.world.committed
    this.world.committed = new Set()
    this.changes = []
    this.items = this.world.governed && queueMovers.some((one) => this.has(one)) ? itemRows(this.db) : null
    if (!this.has('activations')) return
    for (const { txn, version } of this.db.all<{ txn: ActivationId; version: number }>(
      'SELECT txn, version FROM activation',
    )) {
      const before = this.activations.get(txn)
      if (before?.version === version) continue
      const now = this.#read(txn)
      this.activations.set(txn, now)
      this.changes.push({ before, now })
    }
  }

  /** Whether a method of this aggregate was committed since the look before. */
  readonly has = (aggregate: string): boolean => {
    for (const method of this.committed) if (method.startsWith(`${aggregate}.`)) return true
    return false
  }

  /** Whether the handheld with this PIN is on the air, under the key that the server has for it. */
  readonly reachable = (pin: Pin): boolean => {
    const handheld = this.world.handhelds.find(({ saved }) => saved?.state.device.pin === pin)
    const key = this.db.one<{ kid: number }>(
      "SELECT kid FROM master_key WHERE pin = ? AND state = 'current'",
      pin,
    )
    const own = handheld?.saved?.state.account?.link.kid
    return handheld?.process?.alive === true && own !== undefined && own === key?.kid
  }

  /** The events of an activation from the given one on, 1 the first. */
  events(txn: ActivationId, fromSeq = 1): ActivationEvent[] {
    return this.db
      .all<{ event: string }>(
        'SELECT event FROM activation_event WHERE txn = ? AND seq >= ? ORDER BY seq',
        txn,
        fromSeq,
      )
      .map(({ event }) => JSON.parse(event) as ActivationEvent)
  }

  #read(txn: ActivationId): Activation {
    const row = this.db.one<{ state_json: string }>('SELECT state_json FROM activation WHERE txn = ?', txn)
    return JSON.parse(row?.state_json ?? 'null') as Activation
  }

  close(): void {
    this.db.close()
  }
}
