/**
 * Proofs that no good M4 answered in time. Whoever poses as the server learns one guess from each, so after several
 * the user is asked before the next (E23).
 */
import type { MailAddress } from '#kernel/brand.ts'
import type { HandheldState } from './state.ts'

type Unanswered = HandheldState['unanswered']

const minute = 60 * 1000
const answerWithinMs = 10 * minute
const countedForMs = 48 * 60 * minute
const tooMany = 5
/** Per handheld; more would only repeat what the count says already. */
const keptMax = 32

/** A proof leaves: it counts until an answer takes it away. */
export const proofSent = (list: Unanswered, address: MailAddress, nowMs: number): Unanswered =>
  [...list.filter((one) => nowMs - one.atMs < countedForMs), { address, atMs: nowMs }].slice(-keptMax)

/** A good M4 came; one that comes too late leaves the count as it is. */
export const proofAnswered = (list: Unanswered, provedAtMs: number, nowMs: number): Unanswered =>
  nowMs - provedAtMs > answerWithinMs ? list : list.filter((one) => one.atMs !== provedAtMs)

export const hasTooManyUnanswered = (list: Unanswered, address: MailAddress, nowMs: number): boolean =>
  list.filter((one) => one.address === address && nowMs - one.atMs < countedForMs).length >= tooMany
