/**
 * The chain of the audit log. A line's hash is SHA-256 over the deterministic CBOR (RFC 8949 section 4.2.1) of the list
 * [1, seq, atMs, who, role, from, what, on, change, outcome, answers, previous], where 1 is the version of this form.
 */
import { sha256 } from '#crypto/hash.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { encodeCbor } from '#protocol/cbor.ts'
import type { AuditEntry, AuditHead, AuditLine } from './line.ts'

const formVersion = 1

export const emptyHead: AuditHead = { seq: 0, hash: new Uint8Array(32) }

/** `entry` as the line that follows `head`. */
export function chained(head: AuditHead, entry: AuditEntry): AuditLine {
  const line = { ...entry, seq: head.seq + 1, previous: head.hash }
  return { ...line, hash: hashOf(line) }
}

export const headAfter = ({ seq, hash }: AuditLine): AuditHead => ({ seq, hash })

const hashOf = (line: Omit<AuditLine, 'hash'>): Uint8Array =>
  sha256(
    encodeCbor([
      formVersion,
      line.seq,
      line.atMs,
      line.who,
      line.role,
      line.from,
      line.what,
      line.on,
      line.change,
      line.outcome,
      line.answers,
      line.previous,
    ]),
  )

/**
 * Why the chain is not whole. `changed`: the line's content is not what was written. `missing`: this line is not where
 * it belongs, so it or another was taken away or moved. `relinked`: the line is whole, but made for another place.
 * `cut_off`: the chain ends before the line its end was kept as. `beyond`: there are lines after that end.
 */
export type ChainFault = 'changed' | 'missing' | 'relinked' | 'cut_off' | 'beyond'

export interface ChainBreak {
  readonly kind: ChainFault
  /** The number of the first line that is wrong. */
  readonly seq: number
}

export interface ChainCheck {
  /** Takes the lines in their order; null while all is well. After the first break it answers with that one. */
  next(line: AuditLine): ChainBreak | null
  /** To be asked after the last line, with the end as it was kept apart. */
  end(head: AuditHead): ChainBreak | null
  /** How many lines were good. */
  checked(): number
}

export function checkChain(): ChainCheck {
  let head = emptyHead
  let broken: ChainBreak | null = null
  const look = (line: AuditLine): ChainFault | null => {
    if (line.seq !== head.seq + 1) return 'missing'
    if (!sameBytes(line.hash, hashOf(line))) return 'changed'
    return sameBytes(line.previous, head.hash) ? null : 'relinked'
  }
  return {
    next: (line) => {
      if (broken) return broken
      const kind = look(line)
      if (kind) broken = { kind, seq: head.seq + 1 }
      else head = headAfter(line)
      return broken
    },
    end: (kept) => {
      if (broken) return broken
      if (kept.seq > head.seq) return { kind: 'cut_off', seq: head.seq + 1 }
      if (kept.seq < head.seq) return { kind: 'beyond', seq: kept.seq + 1 }
      return sameBytes(kept.hash, head.hash) ? null : { kind: 'relinked', seq: kept.seq }
    },
    checked: () => head.seq,
  }
}
