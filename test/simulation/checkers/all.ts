import { acknowledgedIsKept } from './acknowledged.ts'
import { bothEndsAgree } from './agreement.ts'
import { bothSidesAgree } from './both-sides.ts'
import type { Checker } from './checks.ts'
import { explainSpeaks, stoppedHasCode } from './codes.ts'
import { commandsAreKept } from './commands-kept.ts'
import { cursorKeepsBehind } from './cursor.ts'
import { currentKeysAreHeld } from './keys-agree.ts'
import { logsHoldNoSecret, nobodyIsWrong } from './logs.ts'
import { numbersRise } from './numbers-rise.ts'
import { actedOnOnce } from './once.ts'
import { packetsOnce } from './packets-once.ts'
import { policyBeforeBooks } from './policy-first.ts'
import { handheldProvesFirst } from './proofs.ts'
import { queueIsSound } from './queue-sound.ts'
import { packetsAreReadable } from './readable.ts'
import { stagesGoForward } from './stages.ts'
import { wipedIsEmpty } from './wiped.ts'

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
  policyBeforeBooks(),
  numbersRise(),
  queueIsSound(),
  commandsAreKept(),
  wipedIsEmpty(),
  bothSidesAgree(),
]
