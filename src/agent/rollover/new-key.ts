/** The key that a rollover makes, as it is stored until both sides have shown that they hold it. */
import { nextMasterKey, type RolloverParts } from '#crypto/rollover.ts'
import { emptyReplayWindow, encodeReplayWindow } from '#protocol/replay-window.ts'
import type { MasterKey, NewKey } from '#store/handhelds.ts'
import type { AgentEnv } from '../domain.ts'
import { firstBlock } from '../numbers.ts'
import { keyContext, openMasterKey, type SealingKey } from '../packets.ts'

export interface MadeKey {
  readonly row: NewKey
  readonly sealing: SealingKey
}

/** A rollover keeps the suite of the key it begins with. */
export function makeNewKey(
  env: Pick<AgentEnv, 'vault'>,
  old: MasterKey,
  parts: Omit<RolloverParts, 'masterKey' | 'oldKid'>,
): MadeKey {
  const { pin, suite, txn } = old
  const kid = parts.newKid
  const masterKey = nextMasterKey({ ...parts, masterKey: openMasterKey(env, old), oldKid: old.kid })
  return {
    sealing: { kid, suite, masterKey },
    row: {
      pin,
      kid,
      suite,
      txn,
      sealed: env.vault.seal(keyContext(pin, kid), masterKey),
      window: encodeReplayWindow(emptyReplayWindow),
      nextSeq: firstBlock.end,
      hybrid: parts.kemSecret.length > 0,
    },
  }
}
