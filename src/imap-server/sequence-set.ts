/** Sequence sets (RFC 3501 section 9, `sequence-set`) over an ascending list of UIDs. */
import { BadCommand } from './command-arguments.ts'

type Range = readonly [from: number, to: number]

const largest = 0xffff_ffff

/** Ranges in ascending order without overlap; `*` stands for `star`. */
function parseRanges(text: string, star: number): Range[] {
  const ranges: Range[] = []
  for (const piece of text.split(',')) {
    const match = /^(\d{1,10}|\*)(?::(\d{1,10}|\*))?$/.exec(piece)
    if (!match) throw new BadCommand('not a sequence set')
    const value = (word: string | undefined) => (word === '*' ? star : Number(word))
    const first = value(match[1])
    const second = match[2] === undefined ? first : value(match[2])
    if (match[1] === '0' || match[2] === '0' || Math.max(first, second) > largest)
      throw new BadCommand('not a sequence set')
    ranges.push([Math.min(first, second), Math.max(first, second)])
  }
  return merged(ranges)
}

function merged(ranges: Range[]): Range[] {
  const out: [number, number][] = []
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1)
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else out.push([from, to])
  }
  return out
}

/** The UIDs a UID set names, ascending; UIDs that do not exist are left out. */
export function resolveUidSet(text: string, uids: readonly number[]): number[] {
  const named: number[] = []
  for (const [from, to] of parseRanges(text, uids.at(-1) ?? 0)) {
    for (let i = lowerBound(uids, from); i < uids.length; i += 1) {
      const uid = uids[i] ?? 0
      if (uid > to) break
      named.push(uid)
    }
  }
  return named
}

/** The UIDs at the message sequence numbers of a set. @throws BadCommand for a number beyond the last. */
export const resolveSequenceSet = (text: string, uids: readonly number[]): number[] =>
  sequenceRanges(text, uids).flatMap(([from, to]) => uids.slice(from - 1, to))

/** Whether a UID is named by a set of UIDs, or by one of sequence numbers; no list is made of what it names. */
export function namedBy(
  text: string,
  by: 'uid' | 'sequence',
  uids: readonly number[],
): (uid: number) => boolean {
  const ranges =
    by === 'uid'
      ? parseRanges(text, uids.at(-1) ?? 0)
      : sequenceRanges(text, uids).map(([from, to]): Range => [uids[from - 1] ?? 0, uids[to - 1] ?? 0])
  const starts = ranges.map(([from]) => from)
  return (uid) => {
    const at = lowerBound(starts, uid + 1) - 1
    return uid <= (ranges[at]?.[1] ?? -1)
  }
}

function sequenceRanges(text: string, uids: readonly number[]): Range[] {
  const ranges = parseRanges(text, uids.length)
  // Clients ask an empty mailbox for 1:*, and it is no mistake of theirs.
  if (uids.length === 0 && text.includes('*')) return []
  if (ranges.some(([, to]) => to > uids.length)) throw new BadCommand('no such message sequence number')
  return ranges.map(([from, to]): Range => [Math.max(from, 1), to])
}

/** The index of the first UID that is at least `uid`. */
export function lowerBound(uids: readonly number[], uid: number): number {
  let low = 0
  let high = uids.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((uids[middle] ?? 0) < uid) low = middle + 1
    else high = middle
  }
  return low
}

/** `1:3,7`, from numbers in the order given; runs are joined. */
export function formatSequenceSet(numbers: readonly number[]): string {
  const pieces: string[] = []
  for (let i = 0; i < numbers.length; ) {
    let end = i
    while ((numbers[end + 1] ?? 0) === (numbers[end] ?? 0) + 1) end += 1
    pieces.push(end === i ? `${numbers[i]}` : `${numbers[i]}:${numbers[end]}`)
    i = end + 1
  }
  return pieces.join(',')
}
