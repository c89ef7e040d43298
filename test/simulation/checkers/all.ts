import { acknowledgedIsKept } from './acknowledged.ts'
import { bothEndsAgree } from './agreement.ts'
import type { Checker } from './checks.ts'
import { explainSpeaks, stoppedHasCode } from './codes.ts'
import { cursorKeepsBehind } from './cursor.ts'
import { currentKeysAreHeld } from './keys-agree.ts'
import { logsHoldNoSecret, nobodyIsWrong } from './logs.ts'
import { actedOnOnce } from './once.ts'
import { packetsOnce } from './packets-once.ts'
import { handheldProvesFirst } from './proofs.ts'
import { packetsAreReadable } from './readable.ts'
import { stagesGoForward } from './stages.ts'

/** Fresh ones for one seed: some remember what they saw. */
export const checkers = (): Checker[] => [
  stagesGoForward(),
  bothEndsAgree(),
  actedOnOnce(),
  packetsOnce(),
  currentKeysAreHeld(),
  packetsAreReadable(),
  cursorKeepsBehind(),
  acknowledgedIsKept(),
  handheldProvesFirst(),
  stoppedHasCode(),
  explainSpeaks(),
  logsHoldNoSecret(),
  nobodyIsWrong(),
]
