/** What a server does about each message of a rollover, and about none: pure, total, and the same for the same. */
import { sameBytes } from '#kernel/bytes.ts'
import { isUnfinished, type Rollover } from './rollover.ts'

/** A message of the handheld, authenticated under the key `under`, in the packet with the number `seq`. */
export type Heard =
  | {
      readonly kind: 'offer' | 'answer'
      readonly under: number
      readonly seq: number
      /** Of the key to be. */
      readonly kid: number
      /** The message's bytes. */
      readonly content: Uint8Array
      /** For an answer: it has a ciphertext. */
      readonly hasCiphertext?: boolean
    }
  | { readonly kind: 'done'; readonly kid: number }

/** Which keys this server has or has had for the handheld. */
export interface KeysHeld {
  readonly currentKid: number
  /** Whether the id that the message names for the new key belongs to one of them. */
  readonly isUsed: boolean
}

export type OwnMessage = 'answer' | 'check' | 'done'

/**
 * `answer`: the offer is taken; a rollover of before is over with it. `take`: the answer is taken. `repeat`: the same
 * bytes once more. `abort`: the rollover is given up and the current key stays. `let_go`: the handheld needs the old key
 * no more.
 */
export type Decision =
  | { readonly kind: 'answer' | 'take' | 'abort' | 'let_go' }
  | { readonly kind: 'repeat'; readonly what: OwnMessage }
  | { readonly kind: 'ignore'; readonly why: string }

const ignore = (why: string): Decision => ({ kind: 'ignore', why })

export function judge(known: Rollover | null, keys: KeysHeld, heard: Heard): Decision {
  switch (heard.kind) {
    case 'offer':
      return judgeOffer(known, keys, heard)
    case 'answer':
      return judgeAnswer(known, heard)
    case 'done':
      return judgeDone(known, heard.kid)
  }
}

type Half = Extract<Heard, { content: Uint8Array }>

function judgeOffer(known: Rollover | null, keys: KeysHeld, heard: Half): Decision {
  const isOurs = known !== null && known.newKid === heard.kid
  if (isOurs && known.side === 'other' && sameBytes(known.offer, heard.content))
    return known.answer && isUnfinished(known)
      ? { kind: 'repeat', what: 'answer' }
      : ignore('a rollover that is over')
  if (heard.under !== keys.currentKid) return ignore('an offer under another key than the current one')
  // The same new key made of something else: whoever says so does not know what it said before.
  if (isOurs && known.phase === 'answered') return { kind: 'abort' }
  if (keys.isUsed) return ignore('an offer of a key id that is or was used')
  if (!known || !isUnfinished(known)) return { kind: 'answer' }
  // Both began at once: the server's offer wins, and the handheld answers it.
  if (known.phase === 'offered') return ignore('an offer that crossed ours')
  if (known.phase !== 'switched' && heard.seq <= (known.heardSeq ?? 0)) return ignore('an older offer')
  // Nobody offers before the rollover of before is over for him: so it is, and whatever we wait for does not come.
  return { kind: 'answer' }
}

function judgeAnswer(known: Rollover | null, heard: Half): Decision {
  if (known?.side !== 'proposer' || known.newKid !== heard.kid) return ignore('an answer to no offer of ours')
  if (known.phase !== 'offered') return ignore('a second answer')
  if (heard.under !== known.oldKid) return ignore('an answer under another key than its offer')
  return { kind: 'take' }
}

function judgeDone(known: Rollover | null, kid: number): Decision {
  if (known?.oldKid !== kid) return ignore('a key that is not the last one')
  if (known.doneSent && known.side === 'other') return { kind: 'repeat', what: 'done' }
  return known.phase === 'switched' ? { kind: 'let_go' } : ignore('a key that is not given up yet')
}
