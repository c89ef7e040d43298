/** Reads a command's arguments token by token (RFC 3501 section 9). Anything unexpected is `BadCommand`. */
import type { RawCommand } from './command-reader.ts'

/** The client's command is not well-formed: answered BAD. */
export class BadCommand extends Error {
  override name = 'BadCommand'
}

/** Parentheses in parentheses: SEARCH needs a few. */
const nestingMax = 50

export class CommandArguments {
  readonly #text: string
  readonly #literals: readonly Buffer[]
  #at = 0
  #literal = 0
  #depth = 0

  constructor({ text, literals }: RawCommand) {
    this.#text = text
    this.#literals = literals
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length
  }

  peek(): string {
    return this.#text[this.#at] ?? ''
  }

  /** Takes `expected` if it is next, whatever its case. */
  take(expected: string): boolean {
    const next = this.#text.slice(this.#at, this.#at + expected.length)
    if (next.toUpperCase() !== expected.toUpperCase()) return false
    this.#at += expected.length
    return true
  }

  expect(expected: string): void {
    if (!this.take(expected)) throw new BadCommand(`expected ${expected === ' ' ? 'a space' : expected}`)
  }

  space(): void {
    this.expect(' ')
  }

  end(): void {
    if (!this.atEnd) throw new BadCommand('unexpected argument')
  }

  /** The match of a sticky expression at this place, or null. */
  match(sticky: RegExp): string | null {
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.#text)?.[0]
    if (found === undefined || found === '') return null
    this.#at += found.length
    return found
  }

  need(sticky: RegExp, what: string): string {
    const found = this.match(sticky)
    if (found === null) throw new BadCommand(`expected ${what}`)
    return found
  }

  atom(): string {
    return this.need(/[!#-$&'+-[^-z|}~]+/y, 'an atom')
  }

  /** As `atom`, upper case: the names of commands and their parts. */
  word(): string {
    return this.need(/[A-Za-z0-9.=+-]+/y, 'a word').toUpperCase()
  }

  number(): number {
    const value = Number(this.need(/\d{1,16}/y, 'a number'))
    if (!Number.isSafeInteger(value)) throw new BadCommand('number too large')
    return value
  }

  /** Quoted or literal, as latin1; null where neither is next. */
  stringOrNull(): string | null {
    if (this.peek() === '"') {
      const quoted = this.need(/"(?:[^"\\\r\n]|\\["\\])*"/y, 'a quoted string')
      return quoted.slice(1, -1).replace(/\\(.)/g, '$1')
    }
    return this.peek() === '{' ? this.literal().toString('latin1') : null
  }

  literal(): Buffer {
    this.need(/\{\d{1,10}\+?\}\r?\n/y, 'a literal')
    const bytes = this.#literals[this.#literal]
    this.#literal += 1
    if (!bytes) throw new BadCommand('expected a literal')
    return bytes
  }

  astring(): string {
    return this.stringOrNull() ?? this.need(/[!#-$&'+-[\]^-z|}~]+/y, 'a string')
  }

  /** A mailbox name that may hold `%` and `*`. */
  listMailbox(): string {
    return this.stringOrNull() ?? this.need(/[!#-'*-[\]^-z|}~]+/y, 'a mailbox name')
  }

  sequenceSet(): string {
    return this.need(/[\d:*,]+/y, 'a sequence set')
  }

  flag(): string {
    return this.need(/\\?[!#-$&'+-[^-z|}~]+/y, 'a flag')
  }

  /** `( item item … )`, possibly empty. */
  list<T>(item: () => T): T[] {
    this.expect('(')
    this.nest(1)
    const items: T[] = []
    while (!this.take(')')) {
      if (items.length > 0) this.space()
      items.push(item())
    }
    this.nest(-1)
    return items
  }

  /** Counts how deep the reader is; recursion that hostile input could drive stops here. */
  nest(change: 1 | -1): void {
    this.#depth += change
    if (this.#depth > nestingMax) throw new BadCommand('nested too deeply')
  }
}
