import { BadCommand, type CommandArguments } from './command-arguments.ts'
import type { MailboxView } from './mailbox-view.ts'
import { Refused } from './session.ts'

const system = new Map(
  ['\\Answered', '\\Flagged', '\\Deleted', '\\Seen', '\\Draft'].map((flag) => [flag.toLowerCase(), flag]),
)

const keywordCharsMax = 64
const flagsPerCommandMax = 50

/** Flags in their one spelling; \Recent is the server's own and left out. @throws BadCommand */
export function parseFlags(args: CommandArguments): string[] {
  const flags = args.peek() === '(' ? args.list(() => args.flag()) : separateFlags(args)
  if (flags.length > flagsPerCommandMax) throw new BadCommand('too many flags')
  return flags.filter((flag) => flag.toLowerCase() !== '\\recent').map(canonicalFlag)
}

function separateFlags(args: CommandArguments): string[] {
  const flags = [args.flag()]
  while (args.take(' ')) flags.push(args.flag())
  return flags
}

export function canonicalFlag(flag: string): string {
  const known = system.get(flag.toLowerCase())
  if (known) return known
  if (flag.startsWith('\\') || flag.length > keywordCharsMax) throw new BadCommand('no such flag')
  return flag
}

/** A mailbox takes so many different keywords, no more. @throws Refused */
export function checkKeywords(
  known: MailboxView['keywords'],
  flags: readonly string[],
  keywordsMax: number,
): void {
  const all = new Set([...known, ...flags.filter((flag) => !flag.startsWith('\\'))])
  if (all.size > Math.max(keywordsMax, known.length))
    throw new Refused('[LIMIT] Too many keywords in this mailbox')
}
