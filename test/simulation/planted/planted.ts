/** A mistake planted between the shipping code and its adapters, to see that the checkers catch it. */
import type { SavedHandheld } from '#handheld/state-codec.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import type { SimProcess } from '../world/sim-process.ts'
import type { StoreCall } from '../world/sim-store.ts'

export interface Planted {
  /** Only a story with governance can show it: every seed has it. */
  readonly governs?: true
  /** Makes another call of the store than was asked for; undefined leaves it. */
  call?(
    process: SimProcess,
    call: StoreCall,
    make: (call: StoreCall) => Promise<unknown>,
    databasePath: string,
  ): Promise<unknown> | undefined
  /** What a process sends along with this frame. */
  also?(sender: SimProcess, frame: Frame): Frame | null
  /** A handheld reads what it kept. */
  loaded?(saved: SavedHandheld): SavedHandheld
  /** A frame reaches a client: what is returned is sent back before the client has seen it. */
  reaching?(receiver: SimProcess, frame: Frame): Frame | null
}

export const nothingPlanted: Planted = {}
