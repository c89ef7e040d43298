/**
 * Coverage-guided mutation: inputs run in batches between two looks at the coverage; a batch that reached new
 * blocks is halved and run again until the input that did it is alone, and that one joins the corpus.
 */
import type { Coverage } from './coverage.ts'
import { type Dice, makeDice, mutate } from './mutate.ts'
import { type FuzzTarget, fuzzBytesMax } from './target.ts'

export interface FuzzOptions {
  readonly seed: number
  /** Whichever comes first ends the run. */
  readonly untilMs: number
  readonly executionsMax?: number
  /** Switched off, nothing joins the corpus: what guidance is worth is measured against this. */
  readonly guided?: boolean
  /** Told of each input before it runs, so that a watcher can name the one that never came back. */
  readonly before?: (input: Uint8Array) => void
}

export interface FuzzFailure {
  readonly input: Uint8Array
  readonly error: unknown
}

export interface FuzzResult {
  readonly executions: number
  readonly elapsedMs: number
  /** Blocks that the corpus given reached, and all that were reached in the end. */
  readonly blocksBefore: number
  readonly blocks: number
  readonly corpus: readonly Uint8Array[]
  /** What joined the corpus in this run. */
  readonly found: readonly Uint8Array[]
  readonly failure: FuzzFailure | null
}

/** Time between two looks at the coverage, so that looking is a small part of it. */
const batchMs = 60
const batchMax = 4_096
/** CPU time that one input of a few kilobytes may take. */
const slowCpuMs = 1_000

export async function fuzz(
  target: FuzzTarget,
  start: readonly Uint8Array[],
  coverage: Coverage,
  options: FuzzOptions,
): Promise<FuzzResult> {
  const startedAt = performance.now()
  const run = new Run(target, coverage, options)
  for (const input of start) await run.one(input)
  coverage.look(true)
  const blocksBefore = coverage.blocks
  const corpus = start.length > 0 ? [...start] : [new Uint8Array()]
  const found: Uint8Array[] = []
  const mutator = makeMutator(target, corpus, makeDice(options.seed))
  for (let size = 16; !run.isOver(); ) {
    const began = process.threadCpuUsage()
    const batch = Array.from({ length: size }, mutator.next)
    await run.all(batch)
    const took = cpuMsSince(began)
    if (options.guided === false) coverage.look(true)
    else if (coverage.look(false)) {
      const brought = await run.bringers(batch)
      corpus.push(...brought)
      mutator.found(brought)
      found.push(...brought)
    }
    size = Math.max(1, Math.min(batchMax, Math.round((size * batchMs) / Math.max(took, 1))))
  }
  const elapsedMs = performance.now() - startedAt
  const { executions, failure } = run
  return { executions, elapsedMs, blocksBefore, blocks: coverage.blocks, corpus, found, failure }
}

/** Time of this thread alone: other work on the machine makes no input slow and no batch small. */
function cpuMsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(began)
  return (user + system) / 1_000
}

class Run {
  executions = 0
  failure: FuzzFailure | null = null
  readonly #target: FuzzTarget
  readonly #coverage: Coverage
  readonly #options: FuzzOptions

  constructor(target: FuzzTarget, coverage: Coverage, options: FuzzOptions) {
    this.#target = target
    this.#coverage = coverage
    this.#options = options
  }

  isOver(): boolean {
    const { untilMs, executionsMax = Number.POSITIVE_INFINITY } = this.#options
    return this.failure !== null || Date.now() >= untilMs || this.executions >= executionsMax
  }

  async one(input: Uint8Array): Promise<void> {
    if (this.failure) return
    this.#options.before?.(input)
    this.executions += 1
    const began = process.threadCpuUsage()
    try {
      await this.#target.run(input.slice())
      const cpuMs = cpuMsSince(began)
      if (cpuMs > slowCpuMs) throw new Error(`slow: ${Math.round(cpuMs)} ms of CPU time`)
    } catch (error) {
      this.failure = { input, error }
    }
  }

  async all(inputs: readonly Uint8Array[]): Promise<void> {
    for (const input of inputs) {
      if (this.isOver()) return
      await this.one(input)
    }
  }

  /** The inputs of a batch that reach new blocks, each when run after those before it. */
  async bringers(batch: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const half = batch.length >> 1
    const brought: Uint8Array[] = []
    for (const part of [batch.slice(0, half), batch.slice(half)]) {
      for (const input of part) await this.one(input)
      if (part.length === 1 && this.#coverage.look(true)) brought.push(...part)
      else if (part.length > 1 && this.#coverage.look(false)) brought.push(...(await this.bringers(part)))
    }
    return brought
  }
}

interface Mutator {
  next(): Uint8Array
  /** Puts what was found before everything else that is gone through byte by byte. */
  found(inputs: readonly Uint8Array[]): void
}

/** Longer inputs are left to chance alone: 256 values of each of their bytes take too long. */
const systematicBytesMax = 256

/**
 * Every second input changes one byte of an input to each value in turn, the newest find first; the others come
 * from chance, which tries recent finds more often, since what is behind them is not yet known.
 */
function makeMutator(target: FuzzTarget, corpus: readonly Uint8Array[], dice: Dice): Mutator {
  const queue = corpus.map(singleBytes)
  const pick = (): Uint8Array => {
    const fresh = Math.max(4, corpus.length >> 3)
    const recent = dice(2) === 0 ? Math.max(0, corpus.length - 1 - dice(fresh)) : dice(corpus.length)
    return corpus[recent] ?? new Uint8Array()
  }
  const dictionary = (target.dictionary ?? []).map((word) => new Uint8Array(Buffer.from(word)))
  const material = { dice, other: pick, dictionary, bytesMax: target.bytesMax ?? fuzzBytesMax }
  const systematic = (): Uint8Array | null => {
    for (let last = queue.at(-1); last; last = queue.at(-1)) {
      const step = last.next()
      if (!step.done) return step.value
      queue.pop()
    }
    return null
  }
  return {
    next: () => (dice(2) === 0 ? systematic() : null) ?? mutate(pick(), material),
    found: (inputs) => queue.push(...inputs.map(singleBytes)),
  }
}

function* singleBytes(input: Uint8Array): Generator<Uint8Array, undefined> {
  if (input.length > systematicBytesMax) return
  for (let at = 0; at < input.length; at += 1)
    for (let value = 0; value < 256; value += 1) yield input.with(at, value)
}
