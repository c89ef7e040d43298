/** The mistakes by name: each takes one guarantee away, and some checker must say so. */
import { ackBeforeCommit } from './ack-before-commit.ts'
import { booksBesidePolicy } from './books-beside-policy.ts'
import { cursorBeforeEvents } from './cursor-before-events.ts'
import { forgetsNumbers } from './forgets-numbers.ts'
import { forgetsOldKeys } from './forgets-old-keys.ts'
import { givesCommandsUp } from './gives-commands-up.ts'
import { keepsOldKeys } from './keeps-old-keys.ts'
import { keepsOldQueue } from './keeps-old-queue.ts'
import { noDedup } from './no-dedup.ts'
import { noWindow } from './no-window.ts'
import { olderAnswerCounts } from './older-answer-counts.ts'
import type { Planted } from './planted.ts'
import { serverProvesFirst } from './server-proves-first.ts'
import { wipeWaitsItsTurn } from './wipe-waits-its-turn.ts'

const mistakes = {
  'ack-before-commit': ackBeforeCommit,
  'no-dedup': noDedup,
  'cursor-before-events': cursorBeforeEvents,
  'no-window': noWindow,
  'server-proves-first': serverProvesFirst,
  'keeps-old-keys': keepsOldKeys,
  'forgets-old-keys': forgetsOldKeys,
  'books-beside-policy': booksBesidePolicy,
  'older-answer-counts': olderAnswerCounts,
  'gives-commands-up': givesCommandsUp,
  'wipe-waits-its-turn': wipeWaitsItsTurn,
  'forgets-numbers': forgetsNumbers,
  'keeps-old-queue': keepsOldQueue,
} as const satisfies Record<string, () => Planted>

export type PlantedName = keyof typeof mistakes
export const plantedNames = Object.keys(mistakes) as PlantedName[]

export const plant = (name: PlantedName): Planted => mistakes[name]()
