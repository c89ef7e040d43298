/** Gathers the answers to pipelined commands as they come in. */
import { type Clock, sleep } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { type ImapResponse, makeResponseCutter } from './response-cutter.ts'
import type { Borrower } from './shared-socket.ts'

/** The tagged response that ends one command, and what came before it. */
export interface Answer<T> {
  readonly status: 'OK' | 'NO' | 'BAD'
  /** The response code in upper case, without its arguments; empty: there is none. */
  readonly code: string
  /** The server's own words. */
  readonly words: string
  /** What `read` made of the untagged responses that came since any answer before. */
  readonly untagged: readonly T[]
}

/** Far above every honest answer: the list of all UIDs in a mailbox of a million messages is 8 MB. */
const responseBytesMax = 16 * 1024 * 1024
/** All that comes before one answer: the list of a quarter of a million mailboxes is 20 MB. */
const answerBytesMax = 64 * 1024 * 1024
const tagged = /^(\S+) (OK|NO|BAD)(?: \[([^\] ]+)[^\]]*\])? ?(.*)$/is
const wordsMax = 200

export class Inbox<T> implements Borrower {
  readonly #cutter = makeResponseCutter({ responseBytesMax })
  readonly #read: (response: ImapResponse) => T | null
  /** Of each command that is not answered yet, by its tag: its place among all. */
  readonly #open = new Map<string, number>()
  /** Answers by their command's place; those before `#given` were handed out. */
  readonly #answers = new Map<number, Answer<T>>()
  #expected = 0
  #given = 0
  #untagged: T[] = []
  #bytes = 0
  #failure: Fault | null = null
  #wake = () => {}

  constructor(read: (response: ImapResponse) => T | null) {
    this.#read = read
  }

  /** A command with this tag is about to be sent. */
  expect(tag: string): void {
    this.#open.set(tag, this.#expected)
    this.#expected += 1
  }

  /** How many answers were not handed out yet. */
  get awaited(): number {
    return this.#expected - this.#given
  }

  data(chunk: Buffer): void {
    try {
      this.#bytes += chunk.length
      for (const response of this.#cutter.push(chunk)) this.#take(response)
      if (this.#bytes > answerBytesMax) throw new Fault('imap.protocol', 'an answer without end')
    } catch (error) {
      this.#fail(error instanceof Fault ? error : new Fault('imap.protocol', String(error), error))
    }
    this.#wake()
  }

  ended(error: Error | null): void {
    this.#fail(new Fault('imap.unreachable', error?.message ?? 'the connection ended', error ?? undefined))
    this.#wake()
  }

  /**
   * The next answers in the order of the commands: what has come, or what comes next. @throws Fault when nothing
   * more will come, or not in time
   */
  async next(clock: Clock, patienceMs: number): Promise<readonly Answer<T>[]> {
    const come = this.#inOrder()
    if (come.length > 0) return come
    if (this.#failure) throw this.#failure
    if (!(await this.#somethingCame(clock, patienceMs)))
      this.#fail(new Fault('imap.unreachable', 'no answer'))
    return this.next(clock, patienceMs)
  }

  #inOrder(): readonly Answer<T>[] {
    const come: Answer<T>[] = []
    for (let answer = this.#answers.get(this.#given); answer; answer = this.#answers.get(this.#given)) {
      this.#answers.delete(this.#given)
      this.#given += 1
      come.push(answer)
    }
    return come
  }

  /** False: the patience has ended. */
  async #somethingCame(clock: Clock, patienceMs: number): Promise<boolean> {
    const came = new AbortController()
    this.#wake = () => {
      if (this.#answers.has(this.#given) || this.#failure) came.abort()
    }
    await sleep(clock, patienceMs, came.signal)
    return came.signal.aborted
  }

  #fail(fault: Fault): void {
    this.#failure ??= fault
  }

  #take(response: ImapResponse): void {
    if (response.text.startsWith('* ')) this.#takeUntagged(response)
    else this.#takeTagged(response)
  }

  /** A server may answer commands that do not touch each other in an order of its own (RFC 3501 section 5.5). */
  #takeTagged(response: ImapResponse): void {
    const [, tag = '', status, code = '', words = ''] = tagged.exec(response.text) ?? []
    const place = this.#open.get(tag)
    if (place === undefined)
      throw new Fault('imap.protocol', `unexpected: ${response.text.slice(0, wordsMax)}`)
    this.#open.delete(tag)
    this.#answers.set(place, {
      status: status?.toUpperCase() as Answer<T>['status'],
      code: code.toUpperCase(),
      words: words.slice(0, wordsMax),
      untagged: this.#untagged,
    })
    this.#untagged = []
    this.#bytes = 0
  }

  #takeUntagged(response: ImapResponse): void {
    if (/^\* BYE\b/i.test(response.text))
      this.#fail(new Fault('imap.unreachable', response.text.slice(2, wordsMax)))
    const told = this.#read(response)
    if (told !== null) this.#untagged.push(told)
  }
}
